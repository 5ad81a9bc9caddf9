"""The actions of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.windows import OpenWindow


def test_undo_and_redo_say_what_and_have_their_keys(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    undo, redo = (button.defaultAction() for button in window.header.buttons[:2])
    assert (undo.text(), undo.isEnabled()) == ("Undo", False)
    window.editor.edit("variety", lambda state: state.with_truncation(0.5))
    assert (undo.text(), undo.toolTip()) == ("Undo variety", "Undo the last change: variety")
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.player.state.truncation == 1.0
    assert (undo.text(), redo.text()) == ("Undo", "Redo variety")
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.player.state.truncation == 0.5
    window.editor.stack.undo()
    QTest.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.player.state.truncation == 0.5
