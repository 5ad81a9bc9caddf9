"""Composing the cells of a grid into one picture."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.runtime.arrays import UInt8
from viewer.core.picture.layout import layout
from viewer.core.picture.look import PLAIN, Look, Rgb32, apply_look
from viewer.core.scene.messages import Frame

GAP_COLOUR = 0xFF151820
"""The colour between the cells of saved pictures. In the window, the canvas shows through."""


def compose(pixels: UInt8, columns: int = 0, look: Look = PLAIN, close: bool = False) -> Rgb32:
    """Compose uint8 [cells, h, w] (grey) or [cells, h, w, 3] into a new picture, uint32 [height, width].

    Gaps are 0. Without gaps, what is left of the last row looks like grey pixels of 0. Raises ValueError if `pixels`
    has another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[3:] not in ((), (3,)) or not pixels.size:
        raise ValueError(f"pixels must be uint8 [cells, h, w] or [cells, h, w, 3], not {pixels.dtype} {pixels.shape}")
    cells = apply_look(pixels, look)
    count, height, width = cells.shape
    grid = layout(count, height, width, columns, close)
    # With an extra gap at the right and bottom, all cells are blocks of one four-dimensional view.
    padded = np.zeros((grid.rows * (height + grid.gap), grid.columns * (width + grid.gap)), np.uint32)
    blocks = padded.reshape(grid.rows, height + grid.gap, grid.columns, width + grid.gap)
    full, rest = divmod(grid.cells, grid.columns)
    # Copy in the order of the target's memory, which is seven times as fast as the other order.
    rows = cells[: full * grid.columns].reshape(full, grid.columns, height, width)
    blocks[:full, :height, :, :width] = rows.swapaxes(1, 2)
    if rest:
        blocks[full, :height, :rest, :width] = cells[full * grid.columns :].swapaxes(0, 1)
        if close and pixels.ndim == 3:  # the last line of a text ends like the others, on the ground of grey pictures
            blocks[full, :height, rest:, :width] = apply_look(np.zeros_like(pixels[:1]), look).swapaxes(0, 1)
    return np.ascontiguousarray(padded[: grid.height, : grid.width])


def cell_of(frame: Frame, cell: int) -> Frame:
    """Return a frame of one cell alone, with the same look."""
    pixels = frame.pixels[cell : cell + 1]
    picture = compose(pixels, 1, frame.look)
    return replace(frame, picture=picture, pixels=pixels, scene=frame.scene.only(cell))


def to_rgb(picture: Rgb32) -> UInt8:
    """Convert a picture to uint8 [height, width, 3], with gaps in GAP_COLOUR."""
    filled = np.where(picture == 0, np.uint32(GAP_COLOUR), picture)
    channels: npt.NDArray[np.uint8] = filled.view(np.uint8).reshape(*picture.shape, 4)
    return channels[..., 2::-1] if sys.byteorder == "little" else channels[..., 1:]


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return width and height of an enlarged picture, in whole pixels."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def enlarged(picture: Rgb32, scale: float, soft: bool = False) -> Image.Image:
    """Return an enlarged RGB image, with pixels as squares, or interpolated as in the window if `soft`."""
    image = Image.fromarray(np.ascontiguousarray(to_rgb(picture)))
    way = Image.Resampling.BILINEAR if soft else Image.Resampling.NEAREST
    return image.resize(scaled(image.size, scale), way)
