"""Sample grids: the same latents at every stage of a run."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from digitforge import files
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.pixels import to_pixels
from trainer.seeding import Draws

GRID = 10
"""Rows and columns of a sample grid."""
MOST_ROWS = 26
"""Of a grid with a row for each class; Stacked MNIST has 1,000."""


def fixed_inputs(config: TrainConfig, images: ImageFormat, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Latents and class weights of the sample grid: the same at every stage of a run; a row is a class."""
    rows = min(len(images.classes), MOST_ROWS) if config.conditional else GRID
    draws = Draws(torch.device("cpu"), config.seed, 0, rows * GRID, slice(None))
    z = draws.latents("samples", config.latent_size, config.latent_distribution)
    y = (
        F.one_hot(torch.arange(rows).repeat_interleave(GRID), len(images.classes)).float()
        if config.conditional
        else None
    )
    return z.to(device), y if y is None else y.to(device)


@torch.no_grad()
def save_samples(path: Path, generator: nn.Module, inputs: tuple[Tensor, Tensor | None]) -> None:
    """Write a grid of the generator's images for `inputs`, `GRID` in a row, twice their size."""
    images = generator(*inputs).float().cpu()
    count, channels, height, width = images.shape
    rows = to_pixels(images).view(count // GRID, GRID, channels, height, width)
    sheet = rows.permute(0, 3, 1, 4, 2).reshape(count // GRID * height, GRID * width, channels).squeeze(2)
    save_doubled(path, sheet)


def save_doubled(path: Path, sheet: Tensor) -> None:
    """Write pixels, uint8 [height, width] or [height, width, 3], as a picture twice their size."""
    picture = Image.fromarray(sheet.numpy())
    with files.atomic_file(path) as temporary:
        picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(temporary)
