"""Pictures of a score: generated and real images, nearest training images, the most and least confident predictions."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from trainer.report import pictures
from trainer.scoring import pixels
from trainer.scoring.real import ImageSet, Real

SIDE = 10
GAP = 2
GAP_COLOUR = 96


def draw(folder: Path, images: ImageSet, real: Real, neighbours: Tensor | None, smooth: float) -> None:
    """Write the pictures of a score to `folder`, each under the name of what it shows.

    neighbours: index of each image's nearest training image, int64 [n]; None where it is not known.
    smooth: sigma of the Gaussian filter of the score, in pixels; 0: none.
    """
    some = SIDE * SIDE
    save(folder / "generated.png", images.pixels[:some])
    save(folder / "real.png", real.held_out.pixels[:some])
    (folder / "generated_smoothed.png").unlink(missing_ok=True)  # from an earlier score
    if smooth:
        save(folder / "generated_smoothed.png", pixels.smooth(images.pixels[:some], smooth))
    if neighbours is not None:
        rows = 3 * SIDE
        save(folder / "neighbours.png", _alternate(images.pixels[:rows], real.training.pixels[neighbours[:rows]]))
    if images.probabilities.shape[1]:
        order = images.probabilities.amax(dim=1).argsort()
        save(folder / "least_confident.png", images.pixels[order[: some // 2]])
        save(folder / "most_confident.png", images.pixels[order.flip(0)[: some // 2]])


def save(path: Path, images: Tensor) -> None:
    """Write images, uint8 [n, channels, size, size], as a grid with `SIDE` in a row, at twice their size."""
    count, channels, height, width = images.shape
    rows = -(-count // SIDE)
    sheet = torch.full(
        (rows * (height + GAP) - GAP, SIDE * (width + GAP) - GAP, channels), GAP_COLOUR, dtype=torch.uint8
    )
    for number, image in enumerate(images):
        top, left = number // SIDE * (height + GAP), number % SIDE * (width + GAP)
        sheet[top : top + height, left : left + width] = image.permute(1, 2, 0)
    pictures.save_doubled(path, sheet.squeeze(2))


def _alternate(first: Tensor, second: Tensor) -> Tensor:
    """Return rows of both in turn: `SIDE` images of the first, then the same ones of the second."""
    pairs = zip(first.split(SIDE), second.split(SIDE), strict=True)
    return torch.cat([row for pair in pairs for row in pair])
