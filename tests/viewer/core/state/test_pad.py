"""Pads and the maps behind them."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.cells import map_of_pad, pad_weights, scene_of
from viewer.core.state.pad import PLACES, Pad, map_points
from viewer.core.state.samples import Sample, latents_of, of_class
from viewer.core.state.view_state import ViewState

INFO = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
CORNERS = tuple(of_class(seed, 0, seed) for seed in range(4))


def test_a_point_stays_within_its_shape() -> None:
    square, triangle = Pad(CORNERS), Pad(CORNERS[:3])
    assert (square.with_point(-1, 2).x, square.with_point(-1, 2).y) == (0.0, 1.0)
    assert triangle.with_point(0.0, 0.0).x == 0.5
    assert triangle.with_point(0.9, 0.5).x == 0.75
    assert triangle.with_point(0.6, 0.5).x == 0.6
    assert square.with_point(0.0, 0.0).with_corners(CORNERS[:3]).x == 0.5


def test_one_corner_changes() -> None:
    other = Sample(77)
    assert Pad(CORNERS).with_corner(2, other).corners == (*CORNERS[:2], other, CORNERS[3])
    with pytest.raises(IndexError):
        Pad().with_corner(0, other)


@pytest.mark.parametrize("count", [3, 4])
def test_the_blend_is_continuous(count: int) -> None:
    points = [Pad(CORNERS[:count]).with_point(t, 0.5 + 0.4 * np.sin(7 * t)) for t in np.linspace(0, 1, 400)]
    weights = np.array([pad_weights(point) for point in points])
    assert np.abs(np.diff(weights, axis=0)).max() < 0.03
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert weights.min() >= 0.0


@pytest.mark.parametrize(("count", "previews"), [(3, 15), (4, 25)])
def test_the_map_shows_what_the_point_would_show(count: int, previews: int) -> None:
    state = ViewState(mode="pad", pad=Pad(CORNERS[:count]), truncation=0.5)
    scene = map_of_pad(INFO, state)
    assert scene is not None
    assert scene.y is not None
    assert scene.z.shape == (previews, 16)
    assert scene.y.shape == (previews, 10)
    points = map_points(count)
    for corner, place in enumerate(PLACES[count]):
        found = scene.z[points.index(place)]
        np.testing.assert_allclose(found, 0.5 * latents_of(INFO, CORNERS)[corner], rtol=1e-5)
    inside = points[previews // 2]
    there = scene_of(INFO, state.with_pad(state.pad.with_point(*inside)))
    assert there is not None
    np.testing.assert_allclose(scene.z[previews // 2], there.z[0], rtol=1e-6)


def test_without_corners_there_is_no_map() -> None:
    assert map_of_pad(INFO, ViewState(mode="pad")) is None
