"""One picture out of many cells."""

from __future__ import annotations

import io
import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.arrays import UInt8
from viewer.core.frames import Rgb32

GAP_COLOUR = 0xFF151820
"""The window's canvas has the same colour, so that cells stand apart without lines between them."""


@dataclass(frozen=True)
class Layout:
    """Where each cell of a grid stands, in pixels. Cells fill rows from the top left."""

    cells: int
    columns: int
    cell_height: int
    cell_width: int
    gap: int

    @property
    def rows(self) -> int:
        """Rows, the last one perhaps not full."""
        return math.ceil(self.cells / self.columns)

    @property
    def height(self) -> int:
        """Of the whole grid, without an outer border."""
        return self.rows * (self.cell_height + self.gap) - self.gap

    @property
    def width(self) -> int:
        """Of the whole grid, without an outer border."""
        return self.columns * (self.cell_width + self.gap) - self.gap


def layout(cells: int, cell_height: int, cell_width: int, columns: int = 0) -> Layout:
    """The grid for `cells` pictures; columns 0 makes it as square as it can be."""
    gap = max(1, round(min(cell_height, cell_width) / 14))
    return Layout(cells, columns or math.ceil(math.sqrt(cells)), cell_height, cell_width, gap)


def compose(pixels: UInt8, columns: int = 0) -> Rgb32:
    """Put uint8 [cells, h, w] (grey) or [cells, h, w, 3] side by side; a new picture, uint32 [height, width].

    Raises ValueError where `pixels` has another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[3:] not in ((), (3,)) or not pixels.size:
        raise ValueError(f"pixels must be uint8 [cells, h, w] or [cells, h, w, 3], not {pixels.dtype} {pixels.shape}")
    grid = layout(pixels.shape[0], pixels.shape[1], pixels.shape[2], columns)
    pitch_y, pitch_x = grid.cell_height + grid.gap, grid.cell_width + grid.gap
    # One gap more on the right and below makes every cell the same block of one five-dimensional view.
    padded = np.full((grid.rows * pitch_y, grid.columns * pitch_x), GAP_COLOUR, np.uint32)
    blocks = padded.reshape(grid.rows, pitch_y, grid.columns, pitch_x).swapaxes(1, 2)
    full = grid.cells // grid.columns
    packed = _pack(pixels)
    inner = blocks[:, :, : grid.cell_height, : grid.cell_width]
    inner[:full] = packed[: full * grid.columns].reshape(full, grid.columns, grid.cell_height, grid.cell_width)
    if rest := grid.cells - full * grid.columns:
        inner[full, :rest] = packed[full * grid.columns :]
    return np.ascontiguousarray(padded[: grid.height, : grid.width])


def _pack(pixels: UInt8) -> Rgb32:
    """uint8 [n, h, w] or [n, h, w, 3] to 0xffRRGGBB, uint32 [n, h, w]."""
    wide: Rgb32 = pixels.astype(np.uint32)
    if wide.ndim == 3:
        return wide * np.uint32(0x010101) + np.uint32(0xFF000000)
    places = np.array([1 << 16, 1 << 8, 1], np.uint32)
    packed: Rgb32 = wide @ places + np.uint32(0xFF000000)
    return packed


def to_rgb(picture: Rgb32) -> UInt8:
    """The picture as uint8 [height, width, 3]."""
    channels: npt.NDArray[np.uint8] = picture.view(np.uint8).reshape(*picture.shape, 4)
    return channels[..., 2::-1] if sys.byteorder == "little" else channels[..., 1:]


def enlarged(picture: Rgb32, scale: int) -> Image.Image:
    """The picture as an RGB image, each pixel as a square of `scale` by `scale`."""
    image = Image.fromarray(np.ascontiguousarray(to_rgb(picture)))
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def png(picture: Rgb32, least_side: int = 1024) -> bytes:
    """The picture as a PNG file, enlarged by a whole number until its longer side has about `least_side` pixels."""
    stream = io.BytesIO()
    enlarged(picture, max(1, math.ceil(least_side / max(picture.shape)))).save(stream, "PNG")
    return stream.getvalue()
