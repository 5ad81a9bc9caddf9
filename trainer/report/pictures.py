"""Sample grids: images of the averaged generator, from the same latents at every stage of a run."""

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

COLUMNS = 10
"""Images in a row of a sample grid, and its rows if the run is unconditional."""
MAX_ROWS = 26
"""Rows of a grid with a row for each class. Some data sets have 1,000 classes."""


def fixed_inputs(config: TrainConfig, image_format: ImageFormat, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Return the latents [images, latent_size] and class weights [images, classes] of a sample grid.

    They are the same at every stage of a run. In a conditional run, each row of the grid is a class; otherwise there
    are no class weights.
    """
    rows = min(len(image_format.classes), MAX_ROWS) if config.conditional else COLUMNS
    draws = Draws(torch.device("cpu"), config.seed, 0, rows * COLUMNS, slice(None))
    z = draws.latents("samples", config.latent_size, config.latent_distribution)
    y = (
        F.one_hot(torch.arange(rows).repeat_interleave(COLUMNS), len(image_format.classes)).float()
        if config.conditional
        else None
    )
    return z.to(device), y if y is None else y.to(device)


@torch.no_grad()
def save_samples(path: Path, generator: nn.Module, inputs: tuple[Tensor, Tensor | None]) -> None:
    """Write a grid of the generator's images for `inputs` (see `fixed_inputs`) as a PNG, at twice their size."""
    images = generator(*inputs).float().cpu()
    count, channels, height, width = images.shape
    rows = to_pixels(images).view(count // COLUMNS, COLUMNS, channels, height, width)
    grid = rows.permute(0, 3, 1, 4, 2).reshape(count // COLUMNS * height, COLUMNS * width, channels).squeeze(2)
    save_doubled(path, grid)


def save_doubled(path: Path, pixels: Tensor) -> None:
    """Write pixels, uint8 [height, width] or [height, width, 3], as a PNG at twice their size."""
    picture = Image.fromarray(pixels.numpy())
    with files.atomic_file(path) as temporary:
        picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(temporary)
