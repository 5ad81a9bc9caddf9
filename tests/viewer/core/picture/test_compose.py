"""Composing grids of pictures."""

import numpy as np
import pytest

from viewer.core.picture.compose import compose, to_rgb
from viewer.core.picture.layout import layout
from viewer.core.picture.look import Look, apply_look


def pictures(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("cells", [1, 2, 5, 9, 10, 100])
@pytest.mark.parametrize("colour", [(), (3,)])
def test_every_cell_is_in_its_place(cells: int, colour: tuple[int, ...]) -> None:
    pixels = pictures(cells, 27, 14, *colour)
    picture = compose(pixels)
    grid = layout(cells, 27, 14)
    assert picture.shape == (grid.height, grid.width)
    assert picture.flags.c_contiguous
    assert picture.dtype == np.uint32
    rgb = to_rgb(picture)
    for i in range(cells):
        top, left = i // grid.columns * (27 + grid.gap), i % grid.columns * (14 + grid.gap)
        cell = rgb[top : top + 27, left : left + 14]
        np.testing.assert_array_equal(cell, pixels[i] if colour else np.repeat(pixels[i][..., None], 3, axis=2))


def test_gaps_are_empty_and_have_a_colour_in_saved_pictures() -> None:
    picture = compose(pictures(5, 28, 28))
    assert not picture[28:30].any()
    assert not picture[:, 28:30].any()
    assert not picture[30:, 60:].any(), "there is no sixth cell"
    assert (picture[:28, :28] >> 24 == 0xFF).all()
    assert {tuple(pixel) for pixel in to_rgb(picture)[28]} == {(0x15, 0x18, 0x20)}


def test_looks_are_applied_to_the_picture_and_its_layout() -> None:
    pixels, look = pictures(3, 28, 14), Look("ember", smoothing=0.7, beside=True)
    picture, grid = compose(pixels, 2, look), layout(3, 28, 28, 2)
    assert picture.shape == (grid.height, grid.width)
    np.testing.assert_array_equal(picture[:28, :28], apply_look(pixels, look)[0])


def test_columns_can_be_chosen() -> None:
    assert compose(pictures(10, 8, 8), columns=5).shape == (2 * 9 - 1, 5 * 9 - 1)


@pytest.mark.parametrize(
    "wrong", [np.zeros((0, 8, 8), np.uint8), np.zeros((2, 8, 8), np.float32), np.zeros((2, 8, 8, 4), np.uint8)]
)
def test_other_arrays_are_refused(wrong: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    with pytest.raises(ValueError, match="pixels must be uint8"):
        compose(wrong)
