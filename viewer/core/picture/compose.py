"""One picture out of many cells."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.runtime.arrays import UInt8
from viewer.core.picture.look import PLAIN, Look, Rgb32, dressed
from viewer.core.scene.requests import Frame

GAP_COLOUR = 0xFF151820
"""Between the cells of saved pictures; in the window its canvas shows through."""


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


def layout(cells: int, cell_height: int, cell_width: int, columns: int = 0, close: bool = False) -> Layout:
    """The grid for `cells` pictures; columns 0 makes it as square as it can be, close leaves no gaps."""
    gap = 0 if close else max(1, round(min(cell_height, cell_width) / 14))
    return Layout(cells, columns or math.ceil(math.sqrt(cells)), cell_height, cell_width, gap)


def layout_of(frame: Frame) -> Layout:
    """The grid of a frame's picture."""
    cells, height, width = frame.pixels.shape[:3]
    return layout(cells, height, 2 * width if frame.look.beside else width, frame.scene.columns, frame.scene.close)


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
