"""Pads and the points of their maps."""

from __future__ import annotations

import pytest

from export.contract import GeneratorInfo
from viewer.core.state.pad import Pad
from viewer.core.state.samples import Sample, of_class

INFO = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
CORNERS = tuple(of_class(seed, 0, seed) for seed in range(4))


def test_a_point_stays_within_its_shape() -> None:
    square, triangle = Pad(CORNERS), Pad(CORNERS[:3])
    assert (square.with_point(-1, 2).x, square.with_point(-1, 2).y) == (0.0, 1.0)
    assert triangle.with_point(0.0, 0.0).x == 0.5
    assert triangle.with_point(0.9, 0.5).x == 0.75
    assert triangle.with_point(0.6, 0.5).x == 0.6
    assert square.with_point(0.0, 0.0).with_corners(CORNERS[:3]).x == 0.5


def test_one_corner_can_be_changed() -> None:
    other = Sample(77)
    assert Pad(CORNERS).with_corner(2, other).corners == (*CORNERS[:2], other, CORNERS[3])
    with pytest.raises(IndexError):
        Pad().with_corner(0, other)
