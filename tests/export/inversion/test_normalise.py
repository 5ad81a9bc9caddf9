"""Drawings become pictures as MNIST's were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.inversion.normalise import centre_of_mass, extent, has_light_paper, normalise, reduced, to_target
from tests.support.digits import mnist_digits
from tests.support.photographs import handwritten


def bar(height: int, width: int, sheet: int = 400, at: tuple[int, int] = (10, 20)) -> np.ndarray:
    ink = np.zeros((sheet, sheet), np.float32)
    ink[at[0] : at[0] + height, at[1] : at[1] + width] = 1
    return ink


@pytest.mark.parametrize(("height", "width"), [(300, 60), (60, 300), (200, 200)])
def test_the_box_keeps_the_shape_and_lies_in_the_middle(height: int, width: int) -> None:
    small = normalise(bar(height, width), 28, 28)
    assert small.shape == (28, 28)
    assert small.dtype == np.float32
    rows, columns = extent(small)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    assert max(size) == 20
    assert min(size) == round(20 * min(height, width) / max(height, width))
    assert centre_of_mass(small) == pytest.approx((14, 14), abs=0.51)


def test_where_it_was_drawn_makes_no_difference() -> None:
    assert np.array_equal(normalise(bar(200, 100), 28, 28), normalise(bar(200, 100, at=(150, 270)), 28, 28))


def test_another_size_keeps_the_proportions() -> None:
    rows, _ = extent(normalise(bar(300, 100), 64, 56))
    assert rows.stop - rows.start == 40


def test_a_dot_stays_small_and_nothing_stays_nothing() -> None:
    rows, _ = extent(normalise(bar(12, 12), 28, 28))
    assert rows.stop - rows.start <= 3
    assert not normalise(np.zeros((400, 400), np.float32), 28, 28).any()


def test_the_whole_sheet_without_normalisation() -> None:
    small = reduced(bar(100, 50, at=(0, 350)), 28, 28)
    rows, columns = extent(small)
    assert (rows.start, columns.stop) == (0, 28)
    assert rows.stop in (7, 8)
    wide = reduced(np.ones((100, 200), np.float32), 28, 28)
    assert wide[7:21].min() == 1
    assert not wide[:7].any()


def test_a_digit_of_mnist_becomes_itself_again(mnist_dir: Path) -> None:
    pixels, _ = mnist_digits(mnist_dir, 100)
    errors = []
    for digit in pixels:
        big = np.asarray(Image.fromarray(digit.astype(np.float32) / 255).resize((280, 280), Image.Resampling.BICUBIC))
        sheet = np.zeros((500, 500), np.float32)
        sheet[40:320, 180:460] = np.clip((big - 0.5) * 6 + 0.5, 0, 1)  # as a pen draws
        errors.append(np.sqrt(np.mean((2 * normalise(sheet, 28, 28) - digit / 127.5) ** 2)))
    assert np.mean(errors) < 0.16
    assert np.mean(np.array(errors) < 0.2) > 0.65  # the others are one pixel aside


def test_targets_have_the_polarity_and_channels_of_the_generator() -> None:
    ink = np.array([[0, 1], [0.5, 0]], np.float32)
    assert to_target(ink, 1).tolist() == [[[-1, 1], [0, -1]]]
    assert to_target(ink, 3, light_paper=True).tolist() == [[[1, -1], [0, 1]]] * 3
    assert to_target(ink, 3).dtype == np.float32
    white = np.full((2, 9, 9), 250, np.uint8)
    white[:, 3:6, 3:6] = 0
    assert has_light_paper(white)
    assert not has_light_paper(255 - white)
    assert has_light_paper(np.repeat(white[..., None], 3, axis=-1))


def test_smooth_ink_has_no_steps() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:20, 12:15] = 255
    ink = handwritten(pixels)
    assert np.mean((ink > 0.1) & (ink < 0.9)) > 0.001
