"""From positions to cells and back."""

import pytest

from viewer.core.picture.fit import Box
from viewer.core.picture.layout import layout

GRID = layout(7, 28, 28)  # 3 x 3 cells of 28 with gaps of 2; two of them are empty
BOX = Box(10, 20, 2 * GRID.width, 2 * GRID.height)


@pytest.mark.parametrize("cell", range(7))
def test_the_middle_of_a_cell_is_that_cell(cell: int) -> None:
    left, top, width, height = GRID.cell_box(BOX, cell)
    assert (width, height) == (56, 56)
    for x, y in ((0.01, 0.01), (0.5, 0.5), (0.99, 0.99)):
        assert GRID.cell_at(BOX, left + x * width, top + y * height) == cell


@pytest.mark.parametrize(("x", "y"), [(9, 60), (60, 19), (10 + BOX.width, 60), (60, 20 + BOX.height), (120, 180)])
def test_outside_and_empty_places_are_no_cell(x: float, y: float) -> None:
    assert GRID.cell_at(BOX, x, y) is None


def test_steps_stop_at_the_edges() -> None:
    assert GRID.step(None, 1, 0) == 0
    assert GRID.step(0, -1, 0) == 0
    assert GRID.step(0, 1, 0) == 1
    assert GRID.step(2, 1, 0) == 2
    assert GRID.step(3, 0, 1) == 6
    assert GRID.step(5, 0, 1) == 6, "the last row is not full"
    assert GRID.step(90, 0, 0) == 6, "the grid became smaller"
