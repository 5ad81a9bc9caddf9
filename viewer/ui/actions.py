"""The actions of the window: what its menus, keys and header buttons do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.core.files.drops import LATENTS
from viewer.core.files.formats import SUFFIXES
from viewer.ui.editor import UndoStack
from viewer.ui.widgets.icons import icon

Keys = QKeySequence.StandardKey | str
GENERATORS = "ONNX generators (*.onnx)"
OPENABLE = (
    f"Generators, exported pictures and latents (*.onnx {' '.join(f'*{suffix}' for suffix in SUFFIXES)} *{LATENTS});;"
    f"{GENERATORS}"
)


class Actions(QObject):
    """Makes the actions and asks for files. The window connects the actions that need its other parts."""

    open_requested = Signal(object)
    """Path of a generator, of a run directory or of an exported picture to open."""
    compare_requested = Signal(object)
    """Path of a generator to compare with."""

    def __init__(self, window: QWidget, stack: UndoStack) -> None:
        super().__init__(window)
        self._window = window
        self.undo = stack.createUndoAction(window, "Undo")
        self.redo = stack.createRedoAction(window, "Redo")
        # Platforms name one key for redo, but people know the other one too.
        for action, name, keys in ((self.undo, "undo", ("Ctrl+Z",)), (self.redo, "redo", ("Ctrl+Shift+Z", "Ctrl+Y"))):
            action.setIcon(icon(name))
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setPriority(QAction.Priority.LowPriority)  # their texts grow with the name of the step
            action.setIconText(name.capitalize())
        self.open = self._add(
            "Open…",
            QKeySequence.StandardKey.Open,
            "open",
            "Open another generator, or a picture exported here to go on from it",
        )
        self.open_run = self._add("Open a training run…", "Ctrl+Shift+O")
        self.compare = self._add("Compare with…", "Ctrl+Shift+C")
        self.export = self._add(
            "Export…", QKeySequence.StandardKey.Save, "save", "Save a picture, an animation or a data set"
        )
        self.export.setShortcuts([QKeySequence(QKeySequence.StandardKey.Save), QKeySequence("Ctrl+E")])
        self.copy = self._add(
            "Copy", QKeySequence.StandardKey.Copy, "copy", "Copy what is shown, to paste it elsewhere"
        )
        self.paste = self._add("Paste a picture of a digit", QKeySequence.StandardKey.Paste)
        self.keep = self._add("Keep", "Ctrl+D", "keep", "Keep what is shown as a favourite, to see it again later")
        self.keep_cell = self._add("Keep the current cell by itself", "Ctrl+Shift+D")
        self.menu = QAction(icon("menu"), "Menu", window)
        self.menu.setToolTip("Settings, keys, and what this computer and program are")
        self.menu.setPriority(QAction.Priority.LowPriority)
        self.open.triggered.connect(self.ask_open)
        self.open_run.triggered.connect(self._ask_run)
        self.compare.triggered.connect(self._ask_compare)
        self._add("Quit", "Ctrl+Q").triggered.connect(window.close)
        self.set_picture(False)

    def in_header(self) -> list[QAction]:
        """Return the actions that have a button in the header, from left to right."""
        return [self.undo, self.redo, self.open, self.export, self.copy, self.keep, self.menu]

    def set_picture(self, there: bool) -> None:
        """Enable or disable the actions that need a picture."""
        for action in (self.export, self.copy, self.keep):
            action.setEnabled(there)

    def ask_open(self) -> None:
        """Ask for a generator, or for a picture whose settings are restored."""
        self._ask_file("Open a generator or an exported picture", OPENABLE, self.open_requested.emit)

    def _ask_compare(self) -> None:
        self._ask_file("Compare with another generator", GENERATORS, self.compare_requested.emit)

    def _ask_file(self, title: str, kinds: str, request: Callable[[Path], None]) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, "", kinds)
        if chosen:
            request(Path(chosen))

    def _ask_run(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self._window, "Open a training run"):
            self.open_requested.emit(Path(chosen))

    def _add(self, text: str, keys: Keys, picture: str = "", tip: str = "") -> QAction:
        action = QAction(text, self._window)
        action.setShortcut(QKeySequence(keys))
        if picture:
            action.setIcon(icon(picture))
            action.setToolTip(f"{tip} ({action.shortcut().toString()})")
        self._window.addAction(action)
        return action
