"""Scores in the course of training: fewer figures of fewer images, every process making its share."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.networks.pixels import to_pixels
from trainer.scoring.features import open_features
from trainer.scoring.fidelity import frechet_distance
from trainer.scoring.neighbours import overlap
from trainer.scoring.real import load_real
from trainer.seeding import Draws, stream

BATCH = 500


class TrainingScore:
    """The score of an averaged generator on the same latents each time."""

    def __init__(
        self, config: TrainConfig, images: ImageFormat, data_dir: Path | None, accelerator: Accelerator
    ) -> None:
        """Reads the real images. Raises DataError where there is no feature network for such images."""
        self.config, self.accelerator = config, accelerator
        self.network = open_features("digits", None, images)
        whole, test = (
            datasets.load(config.dataset, data_dir, split, classes=config.classes, image_size=config.image_size)
            for split in ("train", "test")
        )
        real = load_real(whole, test, self.network)
        self.count = min(config.score_count, len(real.training) // 2)
        self.held_out = real.held_out.features
        self.classes = len(images.classes) if config.conditional else 0
        self.asked = real.asked(self.count, 0)
        order = torch.randperm(len(real.training), generator=stream(torch.device("cpu"), 0, "floor"))
        floor = self._figures(real.training.features[order[: self.count]])
        self.floor = {f"floor_{name}": value for name, value in floor.items()}

    @torch.no_grad()
    def __call__(self, generator: nn.Module) -> dict[str, float]:
        """Fréchet distance, precision, recall and coverage with their floors; where classes are asked for, accuracy."""
        config, accelerator = self.config, self.accelerator
        if accelerator.num_processes > 1:
            # BatchNorm's statistics are each process's own; what is saved, and so scored, are the main one's.
            for buffer in generator.buffers():
                torch.distributed.broadcast(buffer, 0)
        share = -(-self.count // accelerator.num_processes)
        rows = slice(accelerator.process_index * share, (accelerator.process_index + 1) * share)
        draws = Draws(torch.device("cpu"), config.seed, 0, share * accelerator.num_processes, rows)
        z = draws.latents("scores", config.latent_size, config.latent_distribution)
        asked = self.asked[torch.arange(rows.start, rows.stop) % self.count]  # the last share may go beyond it
        y = F.one_hot(asked, self.classes).float() if self.classes else None
        features, right = [], []
        for start in range(0, share, BATCH):
            part = slice(start, start + BATCH)
            inputs = [each[part].to(accelerator.device) for each in (z, y) if each is not None]
            probabilities, read = self.network.read(to_pixels(generator(*inputs)).cpu())
            features.append(read)
            if self.classes:  # else the classifier may know none
                right.append((probabilities.argmax(dim=1) == asked[part]).float())
        figures = self._figures(self._gather(torch.cat(features))[: self.count]) | self.floor
        if self.classes:
            figures["conditional_accuracy"] = float(self._gather(torch.cat(right))[: self.count].mean())
        return figures

    def _figures(self, features: Tensor) -> dict[str, float]:
        found = overlap(self.held_out, features)
        return {
            "frechet_distance": frechet_distance(self.held_out, features),
            "precision": found.precision,
            "recall": found.recall,
            "coverage": found.coverage,
        }

    def _gather(self, mine: Tensor) -> Tensor:
        everyones: Tensor = self.accelerator.gather(mine.to(self.accelerator.device))
        return everyones.cpu()
