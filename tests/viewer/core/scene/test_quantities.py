"""Measures of shapes whose values are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from export.runtime.arrays import Float32
from viewer.core.scene.latents import Float64
from viewer.core.scene.quantities import QUANTITIES, measure

SIDE = 48


def soft(distance: Float64) -> Float32:
    """Draw what is inside, where the distance to the outline is negative: float32 [1, 1, h, w] in [-1, 1]."""
    return (2 * np.clip(0.5 - distance, 0, 1) - 1).astype(np.float32)[None, None]


def grid() -> tuple[Float64, Float64]:
    """Return coordinates to the right and upwards from the middle, float64 [h, w] each."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    return columns - (SIDE - 1) / 2, (SIDE - 1) / 2 - rows


def bar(slant: float = 0.0, width: float = 6.0, height: float = 30.0) -> Float32:
    x, y = grid()
    return soft(np.maximum(np.abs(x - slant * y) - width / 2, np.abs(y) - height / 2))


def ring(width: float, height: float, stroke: float) -> Float32:
    x, y = grid()
    length = np.hypot(x, y * width / height)
    return soft(np.abs(length - width / 2) - stroke / 2)


def of(image: Float32) -> dict[str, float]:
    return dict(zip(QUANTITIES, measure(image)[0].tolist(), strict=True))


@pytest.mark.parametrize("slant", [-0.4, 0.0, 0.3])
def test_slant_is_the_tangent_of_the_angle_to_the_right(slant: float) -> None:
    assert of(bar(slant))["Slant"] == pytest.approx(slant, abs=0.01)


@pytest.mark.parametrize("slant", [0.0, 0.3])
@pytest.mark.parametrize(("width", "height"), [(6, 30), (10, 20)])
def test_width_and_height_are_those_of_a_filled_bar_whatever_its_slant(
    slant: float, width: float, height: float
) -> None:
    found = of(bar(slant, width, height))
    assert found["Width"] == pytest.approx(width, abs=0.4)
    assert found["Height"] == pytest.approx(height, abs=0.4)


def test_stroke_weight_is_the_width_of_a_stroke_however_long() -> None:
    found = [of(ring(side, side, stroke))["Stroke weight"] for side in (20, 36) for stroke in (3.0, 6.0)]
    np.testing.assert_allclose(found, [3, 6, 3, 6], rtol=0.15)


def test_a_circle_is_round_and_a_line_is_not_apart_from_width() -> None:
    x, y = grid()
    square = soft(np.abs(np.maximum(np.abs(x), np.abs(y)) - 15) - 2)
    images = (ring(30, 30, 4), ring(18, 36, 4), square, bar(0, 4, 44))
    found = [of(image)["Roundness"] for image in images]
    np.testing.assert_allclose(found, [0.86, 0.86, 0.34, 0.08], atol=0.02)


@pytest.mark.parametrize("change", [lambda image: -image, lambda image: np.repeat(image, 3, axis=1)])
def test_dark_on_light_and_colour_are_measured_alike(change: object) -> None:
    assert callable(change)
    np.testing.assert_allclose(measure(change(bar(0.3))), measure(bar(0.3)), atol=1e-9)


def test_an_empty_picture_is_not_measured_and_leaves_the_others_alone() -> None:
    empty = np.full((1, 1, SIDE, SIDE), 0.3, np.float32)
    found = measure(np.concatenate([bar(), empty, bar()]))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()
    assert found.shape == (3, len(QUANTITIES))
    assert not math.isnan(of(bar())["Slant"])
