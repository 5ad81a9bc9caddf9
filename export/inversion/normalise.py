"""Reduce a drawing of a digit to the pixels of a generator, in the way MNIST was made.

MNIST's digits were scaled into a box of 20x20 pixels, which keeps their shape, and placed in 28x28 pixels so that
their centre of mass is in the middle (Y. LeCun, C. Cortes, C. Burges). Other sizes keep these proportions.

A drawing is *ink*: float32 [h, w], 0 for paper and 1 for ink, at any resolution.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from export.runtime.arrays import Float32, UInt8

BOX = 20 / 28
"""Side of the box that holds the digit, in sides of the picture."""
FAINTEST = 0.05
"""Ink below this does not count for the extent of the digit."""
SMALLEST = 0.3
"""Part of the sheet's longer side. What is smaller is enlarged no further: a dot stays small."""


def normalise(ink: Float32, height: int, width: int) -> Float32:
    """Scale the digit into the box and centre it by mass; return ink, float32 [height, width].

    The centre of mass lies on pixel 14 of 28, where it is in MNIST. A sheet without ink stays empty.
    """
    ink = np.clip(ink, 0, 1).astype(np.float32)
    rows, columns = extent(ink)
    if rows.stop == 0:
        return np.zeros((height, width), np.float32)
    cut = ink[rows, columns]
    side = max(*cut.shape, round(SMALLEST * max(ink.shape)))
    scale = min(height, width) * BOX / side
    size = (max(round(cut.shape[0] * scale), 1), max(round(cut.shape[1] * scale), 1))
    small = resized(cut, *size)
    y, x = centre_of_mass(small)
    return _placed(small, height, width, round(height / 2 - y), round(width / 2 - x))


def reduced(ink: Float32, height: int, width: int) -> Float32:
    """Scale the whole sheet, as large as fits and where it was drawn; return ink, float32 [height, width]."""
    ink = np.clip(ink, 0, 1).astype(np.float32)
    scale = min(height / ink.shape[0], width / ink.shape[1])
    size = (max(round(ink.shape[0] * scale), 1), max(round(ink.shape[1] * scale), 1))
    return _placed(resized(ink, *size), height, width, (height - size[0]) // 2, (width - size[1]) // 2)


def to_target(ink: Float32, channels: int, light_paper: bool = False) -> Float32:
    """Return the picture that an inversion looks for: float32 [channels, height, width] in [-1, 1].

    light_paper: whether the generator draws dark on light; see `has_light_paper`.
    """
    image = 1 - 2 * ink if light_paper else 2 * ink - 1
    return np.repeat(image[None].astype(np.float32), channels, axis=0)


def has_light_paper(pixels: UInt8) -> bool:
    """Whether a generator draws dark on light, judged by the edges of some of its pictures.

    pixels: uint8 [n, h, w] or [n, h, w, 3].
    """
    edges = (pixels[:, [0, -1]].ravel(), pixels[:, :, [0, -1]].ravel())
    return bool(np.median(np.concatenate(edges)) > 127)


def extent(ink: Float32) -> tuple[slice, slice]:
    """Return the rows and columns that hold ink; two empty slices without any."""
    mask = ink > FAINTEST
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def centre_of_mass(ink: Float32) -> tuple[float, float]:
    """Return the row and column of the centre of mass. There must be ink."""
    total = float(ink.sum())
    y = float(ink.sum(1) @ np.arange(ink.shape[0])) / total
    return y, float(ink.sum(0) @ np.arange(ink.shape[1])) / total


def resized(ink: Float32, height: int, width: int) -> Float32:
    """Resize, antialiased; return ink, float32 [height, width]."""
    image = Image.fromarray(np.ascontiguousarray(ink, np.float32))
    return np.clip(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32), 0, 1)


def _placed(ink: Float32, height: int, width: int, top: int, left: int) -> Float32:
    """Return an empty picture with `ink` at a place; what would lie outside is moved inside if it fits, else cut."""
    top = min(max(top, 0), max(height - ink.shape[0], 0))
    left = min(max(left, 0), max(width - ink.shape[1], 0))
    picture = np.zeros((height, width), np.float32)
    part = ink[: height - top, : width - left]
    picture[top : top + part.shape[0], left : left + part.shape[1]] = part
    return picture
