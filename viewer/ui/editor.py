"""Every change of the state, done, undone and done again."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from viewer.core.state.history import History, Step
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player


class Stack(QObject):
    """In place of QUndoStack: PySide keeps each of its commands, also the merged and forgotten ones, for ever."""

    changed = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self._player = player
        self._history = History()

    def push(self, step: Step) -> None:
        """Do it."""
        self._history = self._history.add(step)
        self._player.apply(step.after)
        self.changed.emit()

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        if self.canUndo():
            self._history = self._history.undo()
            self._player.apply(self._history.redoable[-1].before)
            self.changed.emit()

    def redo(self) -> None:
        """Do again what was taken back last, if something was."""
        if self.canRedo():
            self._history = self._history.redo()
            self._player.apply(self._history.undoable[-1].after)
            self.changed.emit()

    def count(self) -> int:
        """Steps, undone ones among them."""
        return len(self._history.undoable) + len(self._history.redoable)

    def canUndo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._history.undoable)

    def canRedo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._history.redoable)

    def undoText(self) -> str:
        """What the step changed that would be taken back; empty where there is none."""
        return self._history.undoable[-1].what if self._history.undoable else ""

    def redoText(self) -> str:
        """What the step changed that would be done again; empty where there is none."""
        return self._history.redoable[-1].what if self._history.redoable else ""

    def createUndoAction(self, parent: QObject, prefix: str) -> QAction:
        """An action that undoes, and says what."""
        return self._action(parent, prefix, self.undo, self.undoText)

    def createRedoAction(self, parent: QObject, prefix: str) -> QAction:
        """An action that does again, and says what."""
        return self._action(parent, prefix, self.redo, self.redoText)

    def _action(self, parent: QObject, prefix: str, do: Callable[[], None], text: Callable[[], str]) -> QAction:
        action = QAction(parent)

        def show() -> None:
            action.setEnabled(bool(text()))
            action.setText(f"{prefix} {text()}".rstrip())

        action.triggered.connect(do)
        self.changed.connect(show)
        show()
        return action


class Editor(QObject):
    """Takes what panels want to change. What a playing walk changes by itself is no step of its own."""

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self.stack = Stack(player)
        self._player = player

    def edit(self, what: str, transition: Callable[[ViewState], ViewState]) -> None:
        """Apply a transition to the present state; one that changes nothing is no step."""
        if self._player.model is None:
            return
        before = self._player.state
        after = transition(before).fitted(self._player.model.info)
        if after != before:
            self.stack.push(Step(what, before, after, time.monotonic()))
