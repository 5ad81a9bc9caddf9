"""The batch at any position of a run, from images on the device or on disk."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import psutil
import torch
from torch import Tensor

from digitforge.errors import ConfigError
from trainer.config import StoreName
from trainer.data.datasets import Source
from trainer.networks.pixels import from_pixels
from trainer.seeding import stream

CPU = torch.device("cpu")
CHUNK = 4_096
"""Number of images copied to the device at a time."""


class Batches:
    """The batches of a run, as a pure function of the number of images seen.

    They are the same wherever the images are stored. "device": all images are in the device's memory, as uint8.
    "disk": a thread gathers each batch one step ahead from the source's array, which may be a memory-mapped file.
    "auto": "device" if the images need less than a quarter of its free memory, else "disk".
    """

    def __init__(
        self,
        source: Source,
        device: torch.device,
        batch_size: int,
        seed: int,
        conditional: bool,
        store: StoreName = "auto",
    ) -> None:
        """batch_size: over all processes. Raises ConfigError if it exceeds the number of images."""
        if batch_size > len(source.images):
            raise ConfigError(
                f"batch_size is {batch_size}, but {source.dataset} has {len(source.images)} images: lower --batch-size."
            )
        if store == "auto":
            store = "device" if source.images.nbytes < _free_memory(device) / 4 else "disk"
        self.classes = len(source.format.classes) if conditional else 0
        self._device = device
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)
        self._home = device if store == "device" else CPU
        """The device that holds the images, the labels and their order."""
        self._labels = torch.from_numpy(source.labels.copy()).to(self._home)
        self._images: Tensor | npt.NDArray[np.uint8] = source.images
        self._reader: ThreadPoolExecutor | None = None
        self._ahead: dict[tuple[int, int, int], Future[tuple[Tensor, Tensor]]] = {}
        if store == "device":
            self._images = torch.empty(source.images.shape, dtype=torch.uint8, device=device)
            for start in range(0, len(source.images), CHUNK):
                self._images[start : start + CHUNK] = torch.from_numpy(source.images[start : start + CHUNK].copy())
        else:
            # The thread ends with the executor, so also if `close` is never called.
            self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")

    def batch_at(self, images_seen: int, rows: slice) -> tuple[Tensor, Tensor | None]:
        """Return some rows of the batch that follows `images_seen` images.

        An epoch is a permutation seeded by (seed, epoch); its last partial batch is dropped.
        rows: start and stop within the whole batch, over all processes.
        Returns images in [-1, 1], float32 [rows, channels, size, size], and one-hot class weights, float32
        [rows, classes], zeros for an image without a label; None if the run is unconditional. Raises OSError if the
        images cannot be read.
        """
        if self._reader is None:
            pixels, labels = self._gather(images_seen, rows.start, rows.stop)
        else:
            pixels, labels = self._read_ahead(self._reader, images_seen, rows)
        reals = from_pixels(pixels.to(self._device, non_blocking=True))
        if not self.classes:
            return reals, None
        names = torch.arange(self.classes, device=self._device)
        return reals, (labels.to(self._device, non_blocking=True)[:, None] == names).float()

    def close(self) -> None:
        """End the thread that reads ahead. `batch_at` cannot be called afterwards."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)

    def _read_ahead(self, reader: ThreadPoolExecutor, images_seen: int, rows: slice) -> tuple[Tensor, Tensor]:
        # The same rows will be requested at the next position, in the same order.
        following = images_seen + self._batch_size
        self._ahead = {key: ahead for key, ahead in self._ahead.items() if key[0] in (images_seen, following)}
        for position in (images_seen, following):
            key = (position, rows.start, rows.stop)
            if key not in self._ahead:
                self._ahead[key] = reader.submit(self._gather, *key)
        return self._ahead[images_seen, rows.start, rows.stop].result()

    def _gather(self, images_seen: int, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Return uint8 images [rows, channels, size, size] and labels [rows], on the device that holds them."""
        epoch, batch = divmod(images_seen // self._batch_size, len(self._images) // self._batch_size)
        if epoch != self._epoch:
            # Drawn on the CPU, so that the order is the same on every device.
            order = torch.randperm(len(self._images), generator=stream(CPU, self._seed, "epoch", epoch))
            self._epoch, self._order = epoch, order.to(self._home)
        chosen = self._order[batch * self._batch_size + start : batch * self._batch_size + stop]
        labels = self._labels[chosen]
        if isinstance(self._images, Tensor):
            return self._images[chosen], labels
        # A GPU copies from pinned memory without blocking this process. The mode keeps `take` from filling a copy of
        # `out` first.
        pinned = self._device.type == "cuda"
        pixels = torch.empty((len(chosen), *self._images.shape[1:]), dtype=torch.uint8, pin_memory=pinned)
        np.take(self._images, chosen.numpy(), axis=0, out=pixels.numpy(), mode="clip")
        return pixels, labels.pin_memory() if pinned else labels


def _free_memory(device: torch.device) -> int:
    """Return the free memory in bytes."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)
