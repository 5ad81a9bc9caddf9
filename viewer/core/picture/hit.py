"""From places on the canvas to cells and back."""

from __future__ import annotations

from viewer.core.picture.compose import Layout
from viewer.core.picture.fit import Box


def cell_at(grid: Layout, box: Box, x: float, y: float) -> int | None:
    """The cell at a place, in the units of `box`, which holds the grid's picture; the gap after a cell is its own."""
    across, down = (x - box.left) / box.width, (y - box.top) / box.height
    if not (0.0 <= across < 1.0 and 0.0 <= down < 1.0):
        return None
    column = int(across * grid.width / (grid.cell_width + grid.gap))
    cell = int(down * grid.height / (grid.cell_height + grid.gap)) * grid.columns + column
    return cell if cell < grid.cells else None


def cell_box(grid: Layout, box: Box, cell: int) -> tuple[float, float, float, float]:
    """Left, top, width and height of a cell, in the units of `box`."""
    row, column = divmod(cell, grid.columns)
    x, y = box.width / grid.width, box.height / grid.height
    left, top = column * (grid.cell_width + grid.gap) * x, row * (grid.cell_height + grid.gap) * y
    return box.left + left, box.top + top, grid.cell_width * x, grid.cell_height * y


def stepped(grid: Layout, cell: int | None, across: int, down: int) -> int:
    """The cell that many columns and rows on, which stops at the edges; the first one where there was none."""
    if cell is None:
        return 0
    row, column = divmod(min(cell, grid.cells - 1), grid.columns)
    row = min(max(row + down, 0), grid.rows - 1)
    column = min(max(column + across, 0), grid.columns - 1)
    return min(row * grid.columns + column, grid.cells - 1)
