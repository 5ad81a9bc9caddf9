"""What a data set holds, in one line, and as a contact sheet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from trainer.data.datasets import Source
from trainer.data.survey import LIGHT, border_brightness

SAMPLE = 1_000
"""Number of images, evenly spaced, whose borders are looked at."""
DARK = 85
"""Mean brightness of the borders, of 255, below which a set is light on dark."""


def summary(source: Source) -> str:
    """Return count, colour, size, classes and polarity, as in "400 grey images, 28x28, 10 classes, light on dark"."""
    shape = source.format
    colour = "grey" if shape.channels == 1 else "colour"
    classes = f"{len(shape.classes):,} classes" if shape.classes else "no classes"
    if unlabelled := int((source.labels < 0).sum()):
        classes += f", {unlabelled:,} without a label"
    parts = (f"{len(source.images):,} {colour} images", f"{shape.size}x{shape.size}", classes, polarity(source))
    return ", ".join(filter(None, parts))


def polarity(source: Source) -> str:
    """Return "light on dark" or "dark on light", by the mean brightness of the images' borders; empty if neither."""
    some = source.images[:: -(-len(source.images) // SAMPLE)]
    border = border_brightness(some)
    return "light on dark" if border < DARK else "dark on light" if border > LIGHT else ""


def shares(source: Source) -> list[tuple[str, int]]:
    """Return the number of images of each class, in label order; empty without classes."""
    counts = np.bincount(source.labels[source.labels >= 0], minlength=len(source.format.classes))
    return list(zip(source.format.classes, counts.tolist(), strict=False))


def contact_sheet(source: Source, columns: int = 16, rows: int = 26) -> Image.Image:
    """Draw images at twice their size: a row for each class, or the first ones if there are no classes."""
    if source.format.classes:
        lines = [np.flatnonzero(source.labels == label)[:columns] for label in range(len(source.format.classes))][:rows]
    else:
        lines = list(np.array_split(np.arange(min(len(source.images), columns * 10)), 10))
    grid = np.concatenate([_row(source.images, line, max(map(len, lines))) for line in lines if len(line)])
    picture = Image.fromarray(grid.squeeze(2) if grid.shape[2] == 1 else grid)
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST)


def _row(images: npt.NDArray[np.uint8], chosen: npt.NDArray[np.int64], columns: int) -> npt.NDArray[np.uint8]:
    """Return images side by side, [size, columns * size, channels]; black where there are too few."""
    count, channels, height, width = len(chosen), *images.shape[1:]
    row = np.zeros((columns, height, width, channels), np.uint8)
    row[:count] = images[chosen].transpose(0, 2, 3, 1)
    return row.transpose(1, 0, 2, 3).reshape(height, columns * width, channels)
