"""Strokes on the sheet."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.core.draw.sheet import SIDE, Pen, ink_of, lost_share, to_picture
from viewer.core.state.drawing import PICTURE_SIDE, Drawing, stroke_of


def test_a_line_is_as_thick_as_the_pen_and_has_soft_edges() -> None:
    ink = ink_of(Drawing((stroke_of([(0.2, 0.5, 1.0), (0.8, 0.5, 1.0)], 0.1),)))
    column = ink[:, SIDE // 2]
    assert column.sum() == pytest.approx(0.1 * SIDE, abs=0.5)
    assert np.flatnonzero(column).mean() == pytest.approx(SIDE / 2 - 0.5, abs=0.6)
    edge = ink[(ink > 0) & (ink < 1)]
    assert len(edge) > 100
    assert ink[0].max() == 0


def test_a_light_pen_draws_thinner() -> None:
    heavy, light = (ink_of(Drawing((stroke_of([(0.5, 0.5, pressure)], 0.2),))).sum() for pressure in (1.0, 0.2))
    assert 0 < light < 0.4 * heavy


def test_a_curve_has_no_corners() -> None:
    """A coarse circle is drawn round: its radius varies less than that of the polygon through the points."""
    angles = np.linspace(0, 2 * np.pi, 13)
    points = [(0.5 + 0.3 * np.cos(angle), 0.5 + 0.3 * np.sin(angle), 1.0) for angle in angles]
    ink = ink_of(Drawing((stroke_of(points, 0.03),)))
    rows, columns = np.nonzero(ink > 0.5)
    radii = np.hypot(rows - SIDE / 2, columns - SIDE / 2) / SIDE
    around = np.arctan2(rows - SIDE / 2, columns - SIDE / 2)
    middle = np.abs(around) > 0.6  # away from where it starts and ends
    assert radii[middle].max() - radii[middle].min() < 0.03 + 0.3 * (1 - np.cos(np.pi / 12))


def test_a_stroke_looks_the_same_while_and_after_it_is_drawn() -> None:
    pen = Pen(0.08)
    for step in range(40):
        pen.move(0.1 + step / 50, 0.5 + 0.3 * np.sin(step / 5), 0.3 + step / 80)
    blank = np.zeros((SIDE, SIDE), np.float32)
    assert np.array_equal(pen.over(blank), ink_of(Drawing((pen.stroke(),))))


def test_a_pen_that_rests_adds_no_point() -> None:
    pen = Pen(0.08)
    assert pen.move(0.5, 0.5)
    assert not pen.move(0.5005, 0.5)
    assert pen.move(0.51, 0.5)
    assert len(pen.stroke().places()) == 2


def test_the_eraser_removes_ink() -> None:
    line = stroke_of([(0.1, 0.5, 1.0), (0.9, 0.5, 1.0)], 0.1)
    eraser = stroke_of([(0.5, 0.4, 1.0), (0.5, 0.6, 1.0)], 0.2, eraser=True)
    ink = ink_of(Drawing((line, eraser)))
    assert ink[SIDE // 2, SIDE // 2] == 0
    assert ink[SIDE // 2, SIDE // 4] == 1


def test_a_stroke_may_leave_the_sheet() -> None:
    ink = ink_of(Drawing((stroke_of([(-0.2, 0.5, 1.0), (1.2, 0.5, 1.0)], 0.1), stroke_of([(1.2, 1.2, 1.0)], 0.1))))
    assert ink[SIDE // 2].min() == 1


def test_a_picture_lies_in_the_middle_of_the_sheet() -> None:
    picture = to_picture(np.ones((50, 20), np.float32))
    assert len(picture) == PICTURE_SIDE**2
    ink = ink_of(Drawing(picture=picture))
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis)) for axis in (1, 0))
    assert rows.mean() == pytest.approx(SIDE / 2, abs=3)
    assert columns.mean() == pytest.approx(SIDE / 2, abs=3)
    assert len(rows) == pytest.approx(2.5 * len(columns), rel=0.05)
    with_line = ink_of(Drawing((stroke_of([(0.1, 0.1, 1.0)], 0.05),), picture))
    assert with_line.sum() > ink.sum()
    assert not ink.flags.writeable


def test_the_share_of_ink_beyond_the_sheet() -> None:
    inside = stroke_of([(0.2, 0.5, 1.0), (0.8, 0.5, 1.0)], 0.1)
    half = stroke_of([(0.8, 0.3, 1.0), (1.2, 0.3, 1.0)], 0.1)
    assert lost_share(Drawing((inside,))) == 0
    assert lost_share(Drawing((half,))) == pytest.approx(0.5, abs=0.01)
    assert lost_share(Drawing((inside, half))) == pytest.approx(0.24 / 1.16, abs=0.02)
    eraser = stroke_of([(1.0, 0.3, 1.0), (1.24, 0.3, 1.0)], 0.2, eraser=True)
    assert lost_share(Drawing((half, eraser))) < 0.02
    picture = to_picture(np.ones((50, 50), np.float32))
    assert 0 < lost_share(Drawing((half,), picture)) < 0.1
    assert lost_share(Drawing()) == 0
