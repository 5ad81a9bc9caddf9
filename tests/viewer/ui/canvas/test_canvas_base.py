"""Zooming and panning."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, place
from viewer.core.picture.fit import WHOLE
from viewer.ui.window import Window

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


def wheel(window: Window, turned: int, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(window.canvas.mapToGlobal(at)), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
        keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


def test_zooming_keeps_what_is_under_the_pointer_and_asks_for_no_frame(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    canvas, at = window.canvas, place(window, 42)
    with qtbot.assertNotEmitted(window.player.frame_ready, wait=50):
        for _ in range(5):
            wheel(window, 120, at, CTRL)
    assert canvas._cell_at(QPointF(at)) == 42
    assert canvas._cell(42).width() > 2 * canvas.width() / 10
    before = canvas.view
    wheel(window, -120, at)
    assert canvas.view.y > before.y
    QTest.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=at)
    QTest.mouseMove(canvas, at + QPoint(60, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=at)
    assert canvas.view.x < before.x
    QTest.keyClick(canvas, Key.Key_0, CTRL)
    assert canvas.view == WHOLE
    QTest.keyClick(canvas, Key.Key_Plus)
    QTest.keyClick(canvas, Key.Key_Minus)
    assert canvas.view == WHOLE
