"""Where the cells of a grid are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from viewer.core.picture.fit import Box
from viewer.core.scene.messages import Frame


@dataclass(frozen=True)
class Layout:
    """The size of a grid in pixels. Cells fill rows from the top left."""

    cells: int
    columns: int
    cell_height: int
    cell_width: int
    gap: int

    @property
    def rows(self) -> int:
        """Number of rows; the last one may not be full."""
        return math.ceil(self.cells / self.columns)

    @property
    def height(self) -> int:
        """Height of the grid, without an outer border."""
        return self.rows * (self.cell_height + self.gap) - self.gap

    @property
    def width(self) -> int:
        """Width of the grid, without an outer border."""
        return self.columns * (self.cell_width + self.gap) - self.gap

    def cell_at(self, box: Box, x: float, y: float) -> int | None:
        """Return the cell at a point, or None. A gap belongs to the cell before it.

        box: where the whole grid is shown; x and y are in its units.
        """
        across, down = (x - box.left) / box.width, (y - box.top) / box.height
        if not (0.0 <= across < 1.0 and 0.0 <= down < 1.0):
            return None
        column = int(across * self.width / (self.cell_width + self.gap))
        cell = int(down * self.height / (self.cell_height + self.gap)) * self.columns + column
        return cell if cell < self.cells else None

    def cell_box(self, box: Box, cell: int) -> tuple[float, float, float, float]:
        """Return left, top, width and height of a cell, in the units of `box`, which shows the whole grid."""
        row, column = divmod(cell, self.columns)
        x, y = box.width / self.width, box.height / self.height
        left, top = column * (self.cell_width + self.gap) * x, row * (self.cell_height + self.gap) * y
        return box.left + left, box.top + top, self.cell_width * x, self.cell_height * y

    def step(self, cell: int | None, across: int, down: int) -> int:
        """Return the cell some columns and rows away, stopping at the edges; the first cell if there was none."""
        if cell is None:
            return 0
        row, column = divmod(min(cell, self.cells - 1), self.columns)
        row = min(max(row + down, 0), self.rows - 1)
        column = min(max(column + across, 0), self.columns - 1)
        return min(row * self.columns + column, self.cells - 1)


def layout(cells: int, cell_height: int, cell_width: int, columns: int = 0, close: bool = False) -> Layout:
    """Return the grid for `cells` pictures. columns: 0 for a square grid. close: without gaps."""
    gap = 0 if close else max(1, round(min(cell_height, cell_width) / 14))
    return Layout(cells, columns or math.ceil(math.sqrt(cells)), cell_height, cell_width, gap)


def layout_of(frame: Frame) -> Layout:
    """Return the grid of a frame's picture."""
    cells, height, width = frame.pixels.shape[:3]
    return layout(cells, height, 2 * width if frame.look.doubled else width, frame.scene.columns, frame.scene.close)
