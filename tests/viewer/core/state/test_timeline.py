"""Timelines."""

from __future__ import annotations

from export.contract import GeneratorInfo
from viewer.core.state.samples import Sample
from viewer.core.state.timeline import MOST_KEYFRAMES, Timeline

INFO = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
KEYS = tuple(Sample(seed) for seed in range(4))


def seeds(timeline: Timeline) -> list[int]:
    return [key.seed for key in timeline.keyframes]


def test_keyframes_are_inserted_removed_and_moved() -> None:
    timeline = Timeline(KEYS)
    assert seeds(timeline.inserted(1, Sample(9))) == [0, 9, 1, 2, 3]
    assert seeds(timeline.inserted(4, Sample(9))) == [0, 1, 2, 3, 9]
    assert seeds(timeline.removed(2)) == [0, 1, 3]
    assert timeline.removed(4) == timeline
    assert seeds(timeline.moved(0, 2)) == [1, 2, 0, 3]
    assert seeds(timeline.moved(3, -5)) == [3, 0, 1, 2]
    assert seeds(timeline.moved(0, 99)) == [1, 2, 3, 0]
    assert timeline.moved(7, 0) == timeline


def test_a_full_timeline_takes_no_more() -> None:
    full = Timeline((Sample(1),) * MOST_KEYFRAMES)
    assert full.full
    assert full.inserted(0, Sample(2)) == full
