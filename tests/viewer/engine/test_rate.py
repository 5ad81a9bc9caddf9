"""Frames per second."""

import pytest

from viewer.engine.rate import FrameRate


def test_even_frames() -> None:
    rate = FrameRate()
    for frame in range(120):
        rate.add(frame / 60)
    assert rate.per_second() == pytest.approx(60)


def test_too_few_frames_say_nothing() -> None:
    rate = FrameRate()
    rate.add(0.0)
    rate.add(0.1)
    assert rate.per_second() is None
    rate.add(0.2)
    assert rate.per_second() == pytest.approx(10)
    rate.clear()
    assert rate.per_second() is None


def test_old_frames_are_forgotten() -> None:
    rate = FrameRate()
    for when in (0.0, 0.1, 0.2, 50.0, 50.5, 51.0):
        rate.add(when)
    assert rate.per_second() == pytest.approx(2)
