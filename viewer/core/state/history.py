"""The undo history: a list of steps and a position in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from viewer.core.state.view_state import ViewState

MERGE_S = 1.0
"""Changes of the same kind within this time are one step, so that a whole drag is undone at once."""
MOST_STEPS = 500


def follows_hint(before: ViewState, after: ViewState) -> bool:
    """Whether a change is one that the hint of the first start suggests: another seed, a keyframe, a number."""
    return (
        (before.seed != after.seed and not before.playing)
        or len(after.timeline.keyframes) > len(before.timeline.keyframes)
        or before.number != after.number
    )


@dataclass(frozen=True)
class Step:
    """A change from one state to another."""

    what: str
    """What changed, for the undo menu: "truncation"."""
    before: ViewState
    after: ViewState
    made_s: float
    """When it was made, on a monotonic clock."""

    @property
    def changes_samples(self) -> bool:
        """Whether keyframes, corners or strokes change. Such a step is never merged."""
        return _samples(self.before) != _samples(self.after)

    def merged(self, later: Step) -> Step | None:
        """Return this and a later step as one step, or None if they stay separate."""
        if later.what != self.what or later.made_s - self.made_s > MERGE_S or later.changes_samples:
            return None
        return replace(self, after=later.after, made_s=later.made_s)


def _samples(state: ViewState) -> tuple[object, ...]:
    drawing = state.drawing
    made = drawing.strokes, drawing.picture, state.clay.strokes, state.near.parents
    return state.timeline.keyframes, state.pad.corners, *made


@dataclass(frozen=True)
class History:
    """Steps to undo and steps to redo; the next one is the last of each."""

    undoable: tuple[Step, ...] = ()
    redoable: tuple[Step, ...] = ()

    def add(self, step: Step) -> History:
        """Return the history with another step. The steps to redo are dropped, and the oldest steps if too many."""
        merged = self.undoable[-1].merged(step) if self.undoable else None
        steps = (*self.undoable, step) if merged is None else (*self.undoable[:-1], merged)
        return History(steps[-MOST_STEPS:])

    def amended(self, after: ViewState) -> History:
        """Return the history with another state after the last step. There must be a step."""
        return replace(self, undoable=(*self.undoable[:-1], replace(self.undoable[-1], after=after)))

    def changed(self, change: Callable[[ViewState], ViewState]) -> History:
        """Return the history with other states, without the steps that then change nothing."""
        undoable, redoable = (
            tuple(
                step
                for one in steps
                if (step := replace(one, before=change(one.before), after=change(one.after))).before != step.after
            )
            for steps in (self.undoable, self.redoable)
        )
        return History(undoable, redoable)

    def undo(self) -> History:
        """Return the history one step back. The state is then `redoable[-1].before`."""
        return History(self.undoable[:-1], (*self.redoable, self.undoable[-1])) if self.undoable else self

    def redo(self) -> History:
        """Return the history one step forward. The state is then `undoable[-1].after`."""
        return History((*self.undoable, self.redoable[-1]), self.redoable[:-1]) if self.redoable else self
