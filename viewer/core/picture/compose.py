"""One picture out of many cells."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.runtime.arrays import UInt8
from viewer.core.picture.layout import layout
from viewer.core.picture.look import PLAIN, Look, Rgb32, dressed
from viewer.core.scene.requests import Frame

GAP_COLOUR = 0xFF151820
"""Between the cells of saved pictures; in the window its canvas shows through."""


def compose(pixels: UInt8, columns: int = 0, look: Look = PLAIN, close: bool = False) -> Rgb32:
    """Put uint8 [cells, h, w] (grey) or [cells, h, w, 3] side by side; a new picture, uint32 [height, width].

    Nothing (0) stands between the cells. Raises ValueError where `pixels` has another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[3:] not in ((), (3,)) or not pixels.size:
        raise ValueError(f"pixels must be uint8 [cells, h, w] or [cells, h, w, 3], not {pixels.dtype} {pixels.shape}")
    cells = dressed(pixels, look)
    count, height, width = cells.shape
    grid = layout(count, height, width, columns, close)
    # One gap more on the right and below makes every cell the same block of one four-dimensional view.
    padded = np.zeros((grid.rows * (height + grid.gap), grid.columns * (width + grid.gap)), np.uint32)
    blocks = padded.reshape(grid.rows, height + grid.gap, grid.columns, width + grid.gap)
    full, rest = divmod(grid.cells, grid.columns)
    # In the order of the target's memory: the other way round takes seven times as long.
    rows = cells[: full * grid.columns].reshape(full, grid.columns, height, width)
    blocks[:full, :height, :, :width] = rows.swapaxes(1, 2)
    if rest:
        blocks[full, :height, :rest, :width] = cells[full * grid.columns :].swapaxes(0, 1)
    return np.ascontiguousarray(padded[: grid.height, : grid.width])


def cell_of(frame: Frame, cell: int) -> Frame:
    """A frame of one cell alone, in the same look."""
    pixels = frame.pixels[cell : cell + 1]
    picture = compose(pixels, 1, frame.look)
    return replace(frame, picture=picture, pixels=pixels, scene=frame.scene.only(cell))


def to_rgb(picture: Rgb32) -> UInt8:
    """The picture as uint8 [height, width, 3], in GAP_COLOUR where nothing stands."""
    filled = np.where(picture == 0, np.uint32(GAP_COLOUR), picture)
    channels: npt.NDArray[np.uint8] = filled.view(np.uint8).reshape(*picture.shape, 4)
    return channels[..., 2::-1] if sys.byteorder == "little" else channels[..., 1:]


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Width and height of an enlarged picture, in whole pixels."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def enlarged(picture: Rgb32, scale: float, soft: bool = False) -> Image.Image:
    """The picture as an RGB image, each pixel as a square of `scale` by `scale`, or as soft as the window shows it."""
    image = Image.fromarray(np.ascontiguousarray(to_rgb(picture)))
    way = Image.Resampling.BILINEAR if soft else Image.Resampling.NEAREST
    return image.resize(scaled(image.size, scale), way)
