"""Changes the state, with undo and redo."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from viewer.core.scene.messages import Opened
from viewer.core.state.history import History, Step
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui.widgets.literal import literal, literal_tip


class UndoStack(QObject):
    """Replaces QUndoStack, whose commands PySide never frees, not even those that were merged or dropped."""

    changed = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self._player = player
        self._history = History()
        self._classes: tuple[str, ...] | None = None
        player.opened.connect(self._on_opened)

    def _on_opened(self, opened: Opened) -> None:
        """Carry the states of all steps to the classes of another generator."""
        classes, self._classes = self._classes, opened.info.classes
        if classes is not None and classes != self._classes:
            self._history = self._history.changed(lambda state: state.carried(classes, opened.info.classes))
            self.changed.emit()

    def push(self, step: Step) -> None:
        """Apply a step and add it."""
        self._history = self._history.add(step)
        self._player.apply(step.after)
        self.changed.emit()

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        if self.canUndo():
            self._history = self._history.undo()
            self._player.apply(self._history.redoable[-1].before)
            self.changed.emit()

    def redo(self) -> None:
        """Redo the step that was undone last, if there is one."""
        if self.canRedo():
            self._history = self._history.redo()
            self._player.apply(self._history.undoable[-1].after)
            self.changed.emit()

    def amend(self, state: ViewState) -> None:
        """Go to a state that belongs to the last step, if that has led to the present one: redoing it comes here."""
        last = self._history.undoable[-1:]
        if last and last[0].after == self._player.state:
            self._history = self._history.amended(state)
        self._player.apply(state)

    def count(self) -> int:
        """Return the number of steps, including those that are undone."""
        return len(self._history.undoable) + len(self._history.redoable)

    def canUndo(self) -> bool:
        """Return whether there is a step to undo."""
        return bool(self._history.undoable)

    def canRedo(self) -> bool:
        """Return whether there is a step to redo."""
        return bool(self._history.redoable)

    def undoText(self) -> str:
        """Return the name of the step that undo would take back, or an empty string."""
        return self._history.undoable[-1].what if self._history.undoable else ""

    def redoText(self) -> str:
        """Return the name of the step that redo would repeat, or an empty string."""
        return self._history.redoable[-1].what if self._history.redoable else ""

    def createUndoAction(self, parent: QObject, prefix: str) -> QAction:
        """Return an action that undoes, and whose text names the step."""
        return self._action(parent, prefix, self.undo, self.undoText)

    def createRedoAction(self, parent: QObject, prefix: str) -> QAction:
        """Return an action that redoes, and whose text names the step."""
        return self._action(parent, prefix, self.redo, self.redoText)

    def _action(self, parent: QObject, prefix: str, do: Callable[[], None], text: Callable[[], str]) -> QAction:
        action = QAction(parent)

        def show() -> None:
            action.setEnabled(bool(text()))
            action.setText(literal(f"{prefix} {text()}".rstrip()))
            action.setToolTip(literal_tip(f"{prefix} the last change: {text()}" if text() else f"{prefix} a change"))

        action.triggered.connect(do)
        self.changed.connect(show)
        show()
        return action


class Editor(QObject):
    """Applies the changes that panels ask for. What the clock of a playing walk changes is not a step."""

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self.stack = UndoStack(player)
        self._player = player

    def edit(self, what: str, transition: Callable[[ViewState], ViewState]) -> None:
        """Apply a transition to the present state. A transition that changes nothing is not a step."""
        if self._player.model is None:
            return
        before = self._player.state
        self.record(what, before, transition(before))

    def amend(self, transition: Callable[[ViewState], ViewState]) -> None:
        """Apply a transition that finishes the last step, without a step of its own."""
        if self._player.model is not None:
            self.stack.amend(transition(self._player.state).fitted(self._player.model.info))

    def record(self, what: str, before: ViewState, after: ViewState) -> None:
        """Go to a state as one step, and to `before` when it is undone. Two equal states are not a step."""
        if self._player.model is not None and (after := after.fitted(self._player.model.info)) != before:
            self.stack.push(Step(what, before, after, time.monotonic()))
