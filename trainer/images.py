"""Training images on the device, and the batch at any point of a run."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.errors import ConfigError
from trainer.seeding import stream
from trainer.sources import Source


class ImageStore:
    """All images of a data set, uint8 on the device; batches are a pure function of the images seen."""

    def __init__(self, source: Source, device: torch.device, batch_size: int, seed: int, conditional: bool) -> None:
        """batch_size: over all processes. Raises ConfigError where one batch is more than the data set."""
        if batch_size > len(source.images):
            raise ConfigError(
                f"batch_size is {batch_size}, but {source.dataset} has {len(source.images)} images: choose a smaller."
            )
        self.images = torch.from_numpy(source.images.copy()).to(device)
        self.labels = torch.from_numpy(source.labels).to(device)
        self.classes = len(source.format.classes) if conditional else 0
        self.batch_size = batch_size
        self.seed = seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def batch_at(self, images_seen: int, rank: int = 0, world: int = 1) -> tuple[Tensor, Tensor | None]:
        """This rank's share of the batch that follows `images_seen` images.

        An epoch is a permutation seeded by (seed, epoch), its last partial batch dropped; ranks take disjoint slices.
        Returns images in [-1, 1], float32 [batch_size / world, channels, size, size], and one-hot class weights,
        float32 [batch_size / world, classes], or None where the run is unconditional.
        """
        epoch, batch = divmod(images_seen // self.batch_size, len(self.images) // self.batch_size)
        if epoch != self._epoch:
            # Drawn on the CPU, so that every device sees the same order.
            order = torch.randperm(len(self.images), generator=stream(torch.device("cpu"), self.seed, "epoch", epoch))
            self._epoch, self._order = epoch, order.to(self.images.device)
        share = self.batch_size // world
        start = batch * self.batch_size + rank * share
        chosen = self._order[start : start + share]
        reals = self.images[chosen].float() / 127.5 - 1
        return reals, F.one_hot(self.labels[chosen], self.classes).float() if self.classes else None
