"""Scores during training: the cheap metrics, on few images, with the work shared by all processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.networks.pixels import to_pixels
from trainer.scoring.measure import Comparison, measure
from trainer.scoring.metrics import cheap_metrics
from trainer.scoring.own import features_for
from trainer.scoring.real import ImageSet, load_real, predict_images
from trainer.seeding import Draws, stream

BATCH = 500


class TrainingScore:
    """Scores an averaged generator on the same latents each time."""

    def __init__(
        self,
        config: TrainConfig,
        images: ImageFormat,
        data_dir: Path | None,
        accelerator: Accelerator,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read the real images and compute the floor. step: called with the name of what is done next."""
        self.config, self.accelerator = config, accelerator
        training, test = (
            datasets.load(config.dataset, data_dir, split, classes=config.classes, **config.conversion())
            for split in ("train", "test")
        )
        self.network = features_for("auto", None, training, test, step)
        real = load_real(training, test, self.network)
        self.count = min(config.score_count, len(real.training) // 2)
        self.held_out = real.held_out
        self.classes = len(images.classes) if config.conditional else 0
        self.requested = real.requested_labels(self.count, 0)
        order = torch.randperm(len(real.training), generator=stream(torch.device("cpu"), 0, "floor"))
        floor = self._measure(real.training.part(order[: self.count]))
        self.floor = {f"floor_{name}": value for name, value in floor.items()}

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Return the cheap metrics that apply, and the floor of each as `floor_KEY`."""
        config, accelerator = self.config, self.accelerator
        if accelerator.num_processes > 1:
            # Each process has BatchNorm statistics of its own; those of the main process are saved, so they are scored.
            for buffer in generator.buffers():
                torch.distributed.broadcast(buffer, 0)
        share = -(-self.count // accelerator.num_processes)
        rows = slice(accelerator.process_index * share, (accelerator.process_index + 1) * share)
        draws = Draws(torch.device("cpu"), config.seed, 0, share * accelerator.num_processes, rows)
        z = draws.latents("scores", config.latent_size, config.latent_distribution)
        requested = self.requested[torch.arange(rows.start, rows.stop) % self.count]  # the last share may be too long
        y = F.one_hot(requested, self.classes).float() if self.classes else None
        parts = []
        for start in range(0, share, BATCH):
            part = slice(start, start + BATCH)
            inputs = [each[part].to(accelerator.device) for each in (z, y) if each is not None]
            parts.append(predict_images(to_pixels(generator(*inputs)).cpu(), requested[part], self.network))
        return self._measure(self._gather(parts)) | self.floor

    def _measure(self, images: ImageSet) -> dict[str, float]:
        if not self.classes:  # no classes are requested
            images = replace(images, labels=torch.full_like(images.labels, -1))
        values = measure(Comparison(images, self.held_out), cheap_metrics()).values
        return {key: value for key, value in values.items() if value is not None}

    def _gather(self, parts: list[ImageSet]) -> ImageSet:
        """Return the images of all processes, on each of them."""

        def gather(tensors: list[Tensor]) -> Tensor:
            mine = torch.cat(tensors)
            if not mine.numel():  # probabilities of a network that knows no classes
                return mine.new_empty(self.count, *mine.shape[1:])
            everyones: Tensor = self.accelerator.gather(mine.to(self.accelerator.device))
            return everyones.cpu()[: self.count]

        return ImageSet(
            gather([part.pixels for part in parts]),
            gather([part.labels for part in parts]),
            gather([part.probabilities for part in parts]),
            gather([part.features for part in parts]),
        )
