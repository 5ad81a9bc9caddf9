"""The pad: corners, point, previews."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.core.state.pad import PLACES, Pad
from viewer.core.state.samples import of_class
from viewer.ui.panels.pad import PadView
from viewer.ui.widgets.dragging import pack
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT, SHIFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction
CORNERS = tuple(of_class(seed, 0, seed) for seed in range(4))


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow) -> Window:
    """Open a window in the Blend mode with an empty pad."""
    opened = open_window(models["digits"])
    opened.editor.edit("mode", lambda state: state.with_mode("pad"))
    QApplication.processEvents()
    return opened


def pad(window: Window) -> Pad:
    return window.player.state.pad


def at(view: PadView, x: float, y: float) -> QPoint:
    return view.to_pixels(x, y).toPoint()


def drop(view: PadView, mime: QMimeData, where: QPoint) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySide6 6.12 wants a QPointF, which older ones do not take
        enter = QDragEnterEvent(where, COPY, mime, LEFT, NO_KEYS)
        move = QDragMoveEvent(where, COPY, mime, LEFT, NO_KEYS)
    enter.ignore()
    QApplication.sendEvent(view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(view, move)
        QApplication.sendEvent(view, QDropEvent(QPointF(where), COPY, mime, LEFT, NO_KEYS))
    return enter.isAccepted()


def test_an_empty_pad_says_what_to_do(window: Window) -> None:
    assert window.pad.isVisible()
    assert "corners" in window.canvas._invitation
    QTest.mouseClick(window.pad.view, LEFT)
    assert pad(window) == Pad(), "there is no point to move"


def test_samples_are_dropped_on_corners(window: Window, qtbot: QtBot) -> None:
    view = window.pad.view
    for corner, place in enumerate(PLACES[4]):
        assert drop(view, pack(CORNERS[corner]), at(view, *place) + QPoint(5, -5))
    assert pad(window).corners == CORNERS
    window.editor.stack.undo()
    assert pad(window).corners[:3] == CORNERS[:3]
    assert pad(window).corners[3] != CORNERS[3], "until then a random one"
    assert not drop(view, QMimeData(), QPoint(20, 20))


def test_the_point_is_dragged_and_the_canvas_follows(window: Window, qtbot: QtBot) -> None:
    window.editor.edit("corners", lambda state: state.with_pad(Pad(CORNERS)))
    view = window.pad.view
    QTest.mousePress(view, LEFT, pos=at(view, 0.5, 0.5))
    QTest.mouseMove(view, at(view, 0.75, 0.25))
    assert (pad(window).x, pad(window).y) == pytest.approx((0.75, 0.25), abs=0.01)
    QTest.mouseMove(view, QPoint(-500, 5000))
    QTest.mouseRelease(view, LEFT, pos=QPoint(-500, 5000))
    assert (pad(window).x, pad(window).y) == (0.0, 1.0)
    qtbot.waitUntil(lambda: window.player.frame is not None and window.player.frame.scene.samples == (CORNERS[2],))
    QTest.mouseMove(view, at(view, 0.5, 0.5))
    assert pad(window).x == 0.0, "released"
    window.editor.stack.undo()
    assert (pad(window).x, pad(window).y) == (0.5, 0.5), "one drag is one step"


def test_arrows_move_the_point(window: Window) -> None:
    window.editor.edit("corners", lambda state: state.with_pad(Pad(CORNERS)))
    view = window.pad.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up, SHIFT)
    assert (pad(window).x, pad(window).y) == pytest.approx((0.52, 0.4))
    for _ in range(10):
        QTest.keyClick(view, Qt.Key.Key_Left, SHIFT)
    assert pad(window).x == 0.0


def test_triangle_and_square(window: Window) -> None:
    QTest.mouseClick(window.pad.shape.button("3"), LEFT)
    assert len(pad(window).corners) == 3, "an empty pad gets random corners"
    three = pad(window).corners
    QTest.mouseClick(window.pad.shape.button("4"), LEFT)
    assert pad(window).corners[:3] == three
    assert len(pad(window).corners) == 4
    QTest.mouseClick(window.pad.shape.button("3"), LEFT)
    assert pad(window).corners == three
    window.editor.stack.undo()
    assert window.pad.shape.button("4").isChecked()
    QTest.mouseClick(window.pad.any, LEFT)
    assert pad(window).corners[:3] != three


def test_the_map_is_rendered_once_for_its_corners(window: Window, qtbot: QtBot) -> None:
    view = window.pad.view
    window.editor.edit("corners", lambda state: state.with_pad(Pad(CORNERS)))
    qtbot.waitUntil(lambda: len(view._pixmaps) == 25)
    answers: list[str] = []
    window.player.answered.connect(lambda answer: answers.append(answer.name))
    with qtbot.waitSignal(window.player.frame_ready):
        window.editor.edit("blend", lambda state: state.with_pad(state.pad.with_point(0.1, 0.9)))
    with qtbot.waitSignal(window.player.frame_ready):
        window.editor.edit("blend", lambda state: state.with_pad(state.pad.with_point(0.0, 0.0)))
    assert "map of the pad" not in answers, "moving the point renders no map"
    assert window.player.frame is not None
    assert view._previews.pixels is not None
    np.testing.assert_array_equal(view._previews.pixels[0], window.player.frame.pixels[0])
    window.editor.edit("shape", lambda state: state.with_pad(state.pad.with_corners(CORNERS[:3])))
    qtbot.waitUntil(lambda: len(view._pixmaps) == 15)
