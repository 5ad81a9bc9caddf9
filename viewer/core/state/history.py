"""What was done, step by step, and where in it a person stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.state.view_state import ViewState

MERGE_S = 1.0
"""A drag is one step back: changes of the same kind that follow each other this quickly become one."""
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
    """From one state to another."""

    what: str
    """For a menu: "truncation"."""
    before: ViewState
    after: ViewState
    made_s: float
    """When, by a clock that never goes back."""

    @property
    def puts_samples(self) -> bool:
        """Whether keyframes or corners are others: each is a step, however quick."""
        before, after = self.before, self.after
        return (before.timeline.keyframes, before.pad.corners) != (after.timeline.keyframes, after.pad.corners)

    def joined(self, later: Step) -> Step | None:
        """Both as one step; None where they are two."""
        if later.what != self.what or later.made_s - self.made_s > MERGE_S or later.puts_samples:
            return None
        return replace(self, after=later.after, made_s=later.made_s)


@dataclass(frozen=True)
class History:
    """Steps that can be undone, the last one first to go, and steps that can be done again, the last one first."""

    undoable: tuple[Step, ...] = ()
    redoable: tuple[Step, ...] = ()

    def add(self, step: Step) -> History:
        """After another step: what was undone before it cannot be done again, what is too long ago not undone."""
        joined = self.undoable[-1].joined(step) if self.undoable else None
        steps = (*self.undoable, step) if joined is None else (*self.undoable[:-1], joined)
        return History(steps[-MOST_STEPS:])

    def undo(self) -> History:
        """One step back; the state is then the `before` of the last step of `redoable`."""
        return History(self.undoable[:-1], (*self.redoable, self.undoable[-1])) if self.undoable else self

    def redo(self) -> History:
        """One step forward; the state is then the `after` of the last step of `undoable`."""
        return History((*self.undoable, self.redoable[-1]), self.redoable[:-1]) if self.redoable else self
