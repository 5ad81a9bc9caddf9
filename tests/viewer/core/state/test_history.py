"""The undo history."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.state.history import MERGE_S, MOST_STEPS, History, Step, follows_hint
from viewer.core.state.samples import Sample, of_class
from viewer.core.state.view_state import ViewState

STATES = [ViewState(seed=seed) for seed in range(MOST_STEPS + 10)]


def step(number: int, what: str = "seed", made_s: float | None = None) -> Step:
    return Step(what, STATES[number], STATES[number + 1], 100.0 * number if made_s is None else made_s)


def test_quick_steps_of_one_kind_are_merged() -> None:
    history = History().add(step(0, made_s=0)).add(step(1, made_s=MERGE_S)).add(step(2, made_s=2 * MERGE_S))
    assert [(one.before, one.after) for one in history.undoable] == [(STATES[0], STATES[3])]
    assert len(history.add(step(3, "grid", made_s=2 * MERGE_S)).undoable) == 2
    assert len(history.add(step(3, made_s=3.5 * MERGE_S)).undoable) == 2


def test_a_keyframe_is_never_merged() -> None:
    timeline = replace(STATES[0].timeline, keyframes=(of_class(0, 0, None),))
    put = Step("seed", STATES[0], replace(STATES[0], timeline=timeline), 0.0)
    assert len(History().add(step(0, made_s=0)).add(put).undoable) == 2


def test_steps_are_undone_and_redone_in_order() -> None:
    history = History().add(step(0)).add(step(1)).undo().undo()
    assert history.undoable == ()
    assert history.undo() is history
    assert [one.before for one in history.redoable] == [STATES[1], STATES[0]]
    again = history.redo().redo()
    assert again == History().add(step(0)).add(step(1))
    assert again.redo() is again


def test_a_new_step_drops_the_redoable_and_the_oldest_steps() -> None:
    assert History().add(step(0)).undo().add(step(0)).redoable == ()
    history = History()
    for number in range(MOST_STEPS + 5):
        history = history.add(step(number))
    assert len(history.undoable) == MOST_STEPS
    assert history.undoable[0] == step(5)


START = ViewState()


def test_each_of_the_three_things_follows_the_hint() -> None:
    timeline = START.timeline.inserted(0, Sample(1))
    assert follows_hint(START, START.with_seed(5))
    assert follows_hint(START, START.with_timeline(timeline))
    assert follows_hint(START, START.with_number(START.number.with_text("7")))


def test_other_changes_do_not_follow_the_hint() -> None:
    playing = START.with_playing(True)
    assert not follows_hint(START, START)
    assert not follows_hint(START, START.with_truncation(0.5))
    assert not follows_hint(START, START.with_mode("number"))
    assert not follows_hint(playing, replace(playing, seed=1)), "a walk goes on by itself"
    timeline = START.timeline.inserted(0, Sample(1))
    assert not follows_hint(START.with_timeline(timeline), START)


def test_the_states_of_all_steps_can_change() -> None:
    history = (
        History().add(Step("seed", START, START.with_seed(1), 0.0)).add(Step("size", START, START.with_cells(4), 9.0))
    )
    history = history.add(Step("size", START.with_cells(4), START.with_cells(9), 20.0)).undo()
    changed = history.changed(lambda state: state.with_seed(5))
    assert [step.what for step in changed.undoable] == ["size"], "a step that changes nothing is dropped"
    assert changed.undoable[0].after == START.with_seed(5).with_cells(4)
    assert changed.redoable[0].after == START.with_seed(5).with_cells(9)
