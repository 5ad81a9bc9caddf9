"""Cells: the current one, locks and drags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, click, locked, place
from viewer.core.state.samples import Sample
from viewer.ui.canvas.marks import padlock_box
from viewer.ui.widgets.dragging import unpack

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_locked_cell_stays_while_the_others_are_rolled(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    assert window.player.frame is not None
    before = window.player.frame.pixels
    click(window, 9)
    QTest.keyClick(window.canvas, Key.Key_L)
    assert locked(window) == [9]
    with qtbot.waitSignal(window.player.frame_ready, check_params_cb=lambda frame: frame.scene.samples[0].seed == 1):
        QTest.keyClick(window.canvas, Key.Key_Right)
    after = window.player.frame.pixels
    np.testing.assert_array_equal(after[9], before[9])
    assert not np.array_equal(after[10], before[10])
    QTest.mouseClick(window.grid.unlock, LEFT)
    assert locked(window) == []
    window.editor.stack.undo()
    assert locked(window) == [9]


def test_the_padlock_on_a_cell_turns_by_a_click(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    box = padlock_box(window.canvas._cell(20))
    assert box is not None
    for expected in ([20], []):
        QTest.mouseClick(window.canvas, LEFT, pos=box.center().toPoint())
        assert locked(window) == expected
    assert not window.grid.unlock.isVisible()


def test_keys_move_from_cell_to_cell(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    for key, cell in ((Key.Key_Down, 0), (Key.Key_Right, 1), (Key.Key_Down, 9), (Key.Key_Left, 8), (Key.Key_Up, 0)):
        QTest.keyClick(window.canvas, key, SHIFT)
        assert window.canvas.current == cell
    assert window.player.state.seed == 0


def test_the_pointer_comes_before_the_held_cell(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    click(window, 3)
    QTest.mouseMove(window.canvas, place(window, 12))
    assert window.canvas.current == 12
    QTest.mouseMove(window.canvas, QPoint(2, 2))
    assert window.canvas.current == 3


def test_only_cells_of_a_grid_can_be_locked(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.frame_ready):
        window.editor.edit("mode", lambda state: state.with_mode("number"))
    click(window, 1)
    QTest.keyClick(window.canvas, Key.Key_L)
    assert locked(window) == []


def test_a_cell_is_dragged_with_its_sample(
    models: dict[str, Path], open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    carried: list[Sample | None] = []

    def take(drag: QDrag, _actions: Qt.DropAction) -> Qt.DropAction:
        carried.append(unpack(drag.mimeData()))
        assert not drag.pixmap().isNull()
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", take)
    QTest.mousePress(window.canvas, LEFT, pos=place(window, 17))
    QTest.mouseMove(window.canvas, place(window, 17) + QPoint(3, 0))
    assert not carried, "a hand that shakes drags nothing"
    QTest.mouseMove(window.canvas, place(window, 19))
    QTest.mouseRelease(window.canvas, LEFT, pos=place(window, 19))
    assert carried == [Sample(0, 17, ((7, 1.0),))]
