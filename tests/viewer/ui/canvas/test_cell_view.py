"""One cell, shown large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, locked, place
from viewer.core.picture.compose import compose
from viewer.core.state.samples import Sample

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_cell_opens_large_and_closes(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    view = window.inspector.view
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 12))
    assert view.isVisible()
    assert (view.seed.text(), view.index.text(), view.class_name.text()) == ("0", "12", "2")
    qtbot.waitUntil(lambda: view.note.text().startswith("No classifier for such pictures"))
    assert not view.bars.isVisible()
    QTest.keyClick(view, Key.Key_Right, SHIFT)
    assert view.index.text() == "13"
    assert view.picture.frame is not None
    assert window.player.frame is not None
    np.testing.assert_array_equal(view.picture.frame.picture, compose(window.player.frame.pixels[13:14]))
    QTest.mouseClick(view.lock, LEFT)
    assert locked(window) == [13]
    assert view.lock.text() == "Unlock"
    QTest.mouseClick(view.keyframe, LEFT)
    assert window.player.state.timeline.keyframes == (Sample(0, 13, ((3, 1.0),)),)
    with qtbot.waitSignal(window.copier.notified):
        QTest.mouseClick(view.copy, LEFT)
    assert QGuiApplication.clipboard().image().width() >= 512
    QGuiApplication.clipboard().clear()
    QTest.keyClick(view, Key.Key_Escape)
    assert not view.isVisible()
    assert window.canvas.hasFocus()
    QTest.keyClick(window.canvas, Key.Key_Return)
    assert view.isVisible()
