"""Undo and redo."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from viewer.core.state import history
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
CTRL = Qt.KeyboardModifier.ControlModifier


def test_every_change_is_undone_and_redone(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    start = window.player.state
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    changed = window.player.state
    assert (changed.seed, changed.digits) == (1, (4,))
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert (window.player.state.seed, window.player.state.digits) == (1, ())
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.player.state == start
    window.editor.stack.redo()
    window.editor.stack.redo()
    assert window.player.state == changed
    assert not window.editor.stack.canRedo()


def test_a_drag_is_one_step_and_a_later_one_another(
    models: dict[str, Path], open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    for position in (90, 80, 70):
        window.truncation.slider.setValue(position)
    assert window.editor.stack.count() == 1
    monkeypatch.setattr(history, "MERGE_S", -1.0)
    window.truncation.slider.setValue(60)
    assert window.editor.stack.count() == 2
    window.editor.stack.undo()
    assert window.player.state.truncation == 0.7
    window.editor.stack.undo()
    assert window.player.state.truncation == 1.0


def test_a_change_of_nothing_is_not_a_step(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.editor.edit("nothing", lambda state: state.with_truncation(1.0))
    assert window.editor.stack.count() == 0


def test_the_actions_name_the_step(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    undo = next(action for action in window.findChildren(QAction) if action.text() == "Undo")
    assert not undo.isEnabled()
    window.truncation.slider.setValue(90)
    assert undo.isEnabled()
    assert undo.text() == "Undo variety"


def test_merged_steps_are_freed(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.truncation.slider.setValue(90)
    between = weakref.ref(window.player.state)
    window.truncation.slider.setValue(80)
    window.truncation.slider.setValue(70)
    gc.collect()
    assert between() is None
