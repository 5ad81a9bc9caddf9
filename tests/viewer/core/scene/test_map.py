from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from viewer.core.scene.map import (
    as_rows,
    draw_samples,
    is_collapsed,
    principal_axes,
    samples_of_map,
    spread_of,
    thumbnails,
)
from viewer.core.state.view_state import ViewState

INFO = GeneratorInfo(4, "normal", tuple("0123456789"), 1, 8, 8)


@pytest.mark.parametrize("shape", [(50, 12), (12, 50)])
def test_the_axes_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    rows = (np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1])).astype(np.float32)
    found = principal_axes(rows)
    expected = np.linalg.svd(rows.astype(float) - rows.mean(axis=0, dtype=float))[2][:2]
    for axis, other in zip(found.axes, expected, strict=True):
        assert abs(axis @ other) == pytest.approx(1, abs=1e-6)


def test_all_that_made_the_plane_is_on_the_map_and_fills_it() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 9)).astype(np.float32)
    places = principal_axes(rows).places(rows)
    np.testing.assert_allclose([places.min(axis=0), places.max(axis=0)], [[0, 0], [1, 1]], atol=1e-9)


def test_a_line_is_not_stretched_to_a_square() -> None:
    line = np.outer(np.linspace(-1, 1, 50), [3, 4, 0]).astype(np.float32)
    places = principal_axes(line).places(line)
    assert np.ptp(places[:, 0]) == pytest.approx(1)
    assert np.ptp(places[:, 1]) < 0.01


def test_the_map_of_a_collapsed_generator_is_a_point() -> None:
    def collapsed(z: Float32, y: Float32 | None) -> Float32:
        return np.full((len(z), 1, 8, 8), 0.25, np.float32)

    drawn = draw_samples(INFO, collapsed, ViewState(), None, lambda done, of: None)
    assert len(drawn.pixels) == 1000
    assert is_collapsed(drawn.pixels)
    rows = as_rows(drawn.pixels)
    np.testing.assert_array_equal(principal_axes(rows).places(rows), np.full((1000, 2), 0.5))
    assert not is_collapsed(np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8))


def test_the_samples_are_those_of_the_seed_and_its_classes_in_turn() -> None:
    samples = samples_of_map(INFO, ViewState(seed=5, digits=(3, 8)))
    assert [(one.seed, one.index, one.label) for one in samples[:3]] == [(5, 0, 3), (5, 1, 8), (5, 2, 3)]
    assert len(samples) == 1000
    large = GeneratorInfo(4, "normal", (), 3, 1024, 1024)
    assert len(samples_of_map(large, ViewState())) == 64, "as many as fit in memory"


def test_truncation_moves_the_samples_and_not_their_base() -> None:
    def echo(z: Float32, y: Float32 | None) -> Float32:
        return np.broadcast_to(np.tanh(z[:, :1, None, None]), (len(z), 1, 8, 8)).astype(np.float32)

    whole = draw_samples(INFO, echo, ViewState(), None, lambda done, of: None)
    half = draw_samples(INFO, echo, ViewState(truncation=0.5), None, lambda done, of: None)
    np.testing.assert_array_equal(half.base, whole.pixels)
    assert spread_of(as_rows(half.pixels)) < spread_of(as_rows(half.base))


def test_the_spread_is_that_within_classes_where_there_are_some() -> None:
    rows = np.array([[0, 0], [0, 2], [10, 0], [10, 2]], np.float32)
    assert spread_of(rows) == pytest.approx(26**0.5)
    assert spread_of(rows, np.array([0, 0, 1, 1])) == pytest.approx(1)


@pytest.mark.parametrize(("shape", "expected"), [((2, 28, 28), (2, 28, 28)), ((2, 96, 64, 3), (2, 48, 32, 3))])
def test_thumbnails_are_small(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert thumbnails(pixels).shape == expected
    assert abs(float(thumbnails(pixels).mean()) - pixels.mean()) < 1
