"""Every change of the state, done, undone and done again."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from viewer.core.state import ViewState
from viewer.engine.player import Player

MERGE_S = 1.0
"""A drag is one step back: changes of the same kind that follow each other this quickly become one."""
MOST_STEPS = 500


class _Edit(QUndoCommand):
    def __init__(self, player: Player, what: str, before: ViewState, after: ViewState) -> None:
        super().__init__(what)
        self.after = after
        self.made_s = time.monotonic()
        self._player = player
        self._before = before

    def redo(self) -> None:
        self._player.apply(self.after)

    def undo(self) -> None:
        self._player.apply(self._before)

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other.text() != self.text() or other.made_s - self.made_s > MERGE_S:
            return False
        if other.puts_samples:
            return False
        self.after, self.made_s = other.after, other.made_s
        return True

    @property
    def puts_samples(self) -> bool:
        """Whether keyframes or corners are others: each is a step, however quick."""
        before, after = self._before, self.after
        return (before.timeline.keyframes, before.pad.corners) != (after.timeline.keyframes, after.pad.corners)


class Editor(QObject):
    """Takes what panels want to change. What a playing walk changes by itself is no step of its own."""

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MOST_STEPS)
        self._player = player

    def edit(self, what: str, transition: Callable[[ViewState], ViewState]) -> None:
        """Apply a transition to the present state; one that changes nothing is no step."""
        if self._player.model is None:
            return
        before = self._player.state
        after = transition(before).fitted(self._player.model.info)
        if after != before:
            self.stack.push(_Edit(self._player, what, before, after))
