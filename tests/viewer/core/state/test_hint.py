"""When the hint has done its work."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.state.hint import tried
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState

START = ViewState()


def test_each_of_the_three_things_counts() -> None:
    timeline = START.timeline.inserted(0, Sample(1))
    assert tried(START, START.with_seed(5))
    assert tried(START, START.with_timeline(timeline))
    assert tried(START, START.with_number(START.number.with_text("7")))


def test_other_things_do_not() -> None:
    playing = START.with_playing(True)
    assert not tried(START, START)
    assert not tried(START, START.with_truncation(0.5))
    assert not tried(START, START.with_mode("number"))
    assert not tried(playing, replace(playing, seed=1)), "a walk goes on by itself"
    timeline = START.timeline.inserted(0, Sample(1))
    assert not tried(START.with_timeline(timeline), START)
