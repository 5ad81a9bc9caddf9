"""What the window's menus and keys do with files: open, compare, export, copy, keep; and undo, redo, quit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog

from viewer.core.files.saving import Subject
from viewer.ui.bars.header import Header
from viewer.ui.widgets.icons import icon

if TYPE_CHECKING:
    from viewer.ui.export.sheet import ExportSheet
    from viewer.ui.window import Window

Keys = QKeySequence.StandardKey | str
GENERATORS = "ONNX generators (*.onnx)"


class Actions(QObject):
    """The window's actions; `header` has a button for each that people look for."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.sheet: ExportSheet | None = None
        self.open = self._action("Open…", QKeySequence.StandardKey.Open, self.ask_open, "open")
        export = self._action("Export…", QKeySequence.StandardKey.Save, self.show_export, "save")
        export.setShortcuts([QKeySequence(QKeySequence.StandardKey.Save), QKeySequence("Ctrl+E")])
        copy = self._action("Copy", QKeySequence.StandardKey.Copy, window.copier.copy, "copy")
        keep = self._action("Keep", "Ctrl+D", lambda: window.favourites.keep(), "keep")
        self._of_a_picture = (export, copy, keep)
        window.recent.lead += [
            self._action("Open a training run…", "Ctrl+Shift+O", self._ask_run),
            self._action("Compare with…", "Ctrl+Shift+C", self._ask_compare),
        ]
        self._action("Keep the current cell by itself", "Ctrl+Shift+D", self._keep_cell)
        self._action("Quit", "Ctrl+Q", lambda: window.close())
        menu = QAction(icon("menu"), "Menu", window)
        menu.setPriority(QAction.Priority.LowPriority)
        shown = [*self._undo_and_redo(), self.open, export, copy, keep, menu]
        self.header = Header(shown, {self.open: window.recent, menu: window.menu})
        self.set_picture(False)

    def set_picture(self, there: bool) -> None:
        """Whether there is a picture to export, copy or keep."""
        for action in self._of_a_picture:
            action.setEnabled(there)

    def ask_open(self) -> None:
        """Ask for a generator and open it."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a generator", "", GENERATORS)
        if chosen:
            self._window.open(Path(chosen))

    def show_export(self) -> None:
        """Show the export sheet."""
        from viewer.ui.export.sheet import ExportSheet  # not needed for the first frame

        window, player = self._window, self._window.player
        if player.model is None:
            return
        if self.sheet is None:
            self.sheet = ExportSheet(window)
            self.sheet.wanted.connect(window.task.run)
        found = window.finder.directions
        subject = Subject(player.model, player.state, player.directions)
        self.sheet.show_subject(subject, () if found is None else found.names, window.canvas.current)
        self.sheet.open()

    def _action(self, text: str, keys: Keys, slot: Callable[[], object], picture: str = "") -> QAction:
        action = QAction(text, self._window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda: slot())
        if picture:
            action.setIcon(icon(picture))
            action.setToolTip(f"{text.rstrip('…')} ({action.shortcut().toString()})")
        self._window.addAction(action)
        return action

    def _undo_and_redo(self) -> list[QAction]:
        stack = self._window.editor.stack
        made = [stack.createUndoAction(self._window, "Undo"), stack.createRedoAction(self._window, "Redo")]
        keys = ("Ctrl+Z",), ("Ctrl+Shift+Z", "Ctrl+Y")  # platforms name one of the two, hands know the other
        for action, name, own in zip(made, ("undo", "redo"), keys, strict=True):
            action.setIcon(icon(name))
            action.setShortcuts([QKeySequence(key) for key in own])
            action.setPriority(QAction.Priority.LowPriority)  # their texts grow with what was done
            action.setIconText(name.capitalize())
        return made

    def _ask_run(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self._window, "Open a training run"):
            self._window.open(Path(chosen))

    def _ask_compare(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Compare with another generator", "", GENERATORS)
        if chosen:
            self._window.open_beside(Path(chosen))

    def _keep_cell(self) -> None:
        if (sample := self._window.canvas.sample) is not None:
            self._window.favourites.keep(sample)
