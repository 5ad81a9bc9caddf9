"""The timeline: the bar and its strip of keyframes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import MOST_KEYFRAMES, Timeline
from viewer.ui.bars.strip import Strip
from viewer.ui.widgets.dragging import pack
from viewer.ui.window import Window

SHIFT, NO_KEYS = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction
KEYS = tuple(of_class(seed, 0, seed) for seed in range(4))


def seeds(window: Window) -> list[int]:
    return [key.seed for key in window.player.state.timeline.keyframes]


def hover(widget: QWidget, mime: QMimeData, at: QPoint) -> bool:
    """Drag over a widget; return whether it accepts the drop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySide6 6.12 wants a QPointF, which older ones do not take
        enter = QDragEnterEvent(at, COPY, mime, LEFT, NO_KEYS)
        move = QDragMoveEvent(at, COPY, mime, LEFT, NO_KEYS)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, move)
    return enter.isAccepted()


def drop(widget: QWidget, mime: QMimeData, at: QPoint) -> None:
    assert hover(widget, mime, at)
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), COPY, mime, LEFT, NO_KEYS))


def middle(strip: Strip, place: float) -> QPoint:
    """Return the middle of a keyframe on the strip."""
    return QPoint(round(strip.strip_layout.playhead(place)), strip.height() - 2 * strip.strip_layout.margin - 10)


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow) -> Window:
    """Open a window with four keyframes in the Morph mode."""
    opened = open_window(models["digits"])
    opened.editor.edit("keyframes", lambda state: state.with_timeline(Timeline(KEYS)))
    opened.editor.edit("mode", lambda state: state.with_mode("path"))
    return opened


def test_pictures_dropped_in_the_grid_become_keyframes_where_they_are_dropped(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    strip = window.timeline.strip
    assert strip.isVisible()
    for key in KEYS[:2]:
        drop(strip, pack(key), middle(strip, 9))
    drop(strip, pack(KEYS[2]), middle(strip, 0.6))
    assert seeds(window) == [0, 2, 1]
    assert window.player.state.position == 0.0, "the grid's walk stays where it is"
    for left in ([0, 1], [0], []):
        window.editor.stack.undo()
        assert seeds(window) == left
    assert not hover(strip, QMimeData(), QPoint(20, 20)), "only samples"


def test_a_full_timeline_welcomes_nothing(window: Window) -> None:
    window.editor.edit("full", lambda state: state.with_timeline(Timeline(KEYS * (MOST_KEYFRAMES // 4))))
    assert not hover(window.timeline.strip, pack(KEYS[0]), QPoint(20, 40))
    assert not window.timeline.add.isEnabled()
    window.timeline.clear.click()
    assert seeds(window) == []
    assert not window.timeline.clear.isEnabled()
    window.editor.stack.undo()
    assert len(seeds(window)) == MOST_KEYFRAMES


def test_a_click_goes_to_a_keyframe_and_the_canvas_shows_it(window: Window, qtbot: QtBot) -> None:
    strip = window.timeline.strip
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseClick(strip, LEFT, pos=middle(strip, 2))
    assert window.player.state.position == 2.0
    assert strip.accessibleDescription() == "keyframe 3 of 4"
    qtbot.waitUntil(lambda: window.player.frame is not None and window.player.frame.scene.samples == (KEYS[2],))


def test_the_playhead_is_scrubbed(window: Window) -> None:
    strip = window.timeline.strip
    ruler = strip.strip_layout.margin + 2
    QTest.mousePress(strip, LEFT, pos=QPoint(round(strip.strip_layout.playhead(1)), ruler))
    QTest.mouseMove(strip, QPoint(round(strip.strip_layout.playhead(2.5)), ruler))
    assert window.player.state.position == pytest.approx(2.5, abs=0.02)
    QTest.mouseMove(strip, QPoint(2000, ruler))
    QTest.mouseRelease(strip, LEFT, pos=QPoint(2000, ruler))
    assert window.player.state.position == 4.0, "the loop's end"
    QTest.mouseMove(strip, QPoint(round(strip.strip_layout.playhead(1)), ruler))
    assert window.player.state.position == 4.0, "released"
    window.editor.stack.undo()
    assert window.player.state.position == 0.0


def test_keyframes_are_dragged_to_another_place(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    strip, places = window.timeline.strip, []

    def exec_drag(drag: QDrag, _action: object) -> None:
        places.append(drag.mimeData().hasFormat("application/x-digitforge-sample"))
        drop(strip, drag.mimeData(), middle(strip, 2.2))

    monkeypatch.setattr(QDrag, "exec", exec_drag)
    QTest.mousePress(strip, LEFT, pos=middle(strip, 0))
    QTest.mouseMove(strip, middle(strip, 0) + QPoint(3, 0))
    assert places == [], "a hand that shakes drags nothing"
    QTest.mouseMove(strip, middle(strip, 1))
    QTest.mouseRelease(strip, LEFT, pos=middle(strip, 2))
    assert places == [True]
    assert seeds(window) == [1, 2, 0, 3]
    assert strip.selected == 2
    window.editor.stack.undo()
    assert seeds(window) == [0, 1, 2, 3]


def test_the_keyboard_selects_moves_and_removes(window: Window) -> None:
    strip, player = window.timeline.strip, window.player
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert (strip.selected, player.state.position) == (2, 2.0)
    QTest.keyClick(strip, Qt.Key.Key_Left, SHIFT)
    assert seeds(window) == [0, 2, 1, 3]
    assert (strip.selected, player.state.position) == (1, 1.0)
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert seeds(window) == [0, 1, 3]
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert strip.selected == 2
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert strip.selected == 0
    QTest.keyClick(strip, Qt.Key.Key_Space)
    assert player.state.playing, "other keys are the window's"
    for _ in range(3):
        QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert seeds(window) == []
    assert not window.player.state.playing
    assert strip.accessibleDescription() == "no keyframes"


def test_it_plays_round_and_round_without_rendering_thumbnails_again(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.timeline.strip._pixmaps) == 4)
    answers: list[str] = []
    window.player.answered.connect(lambda answer: answers.append(answer.name))
    window.editor.edit("speed", lambda state: state.with_speed(3.0))
    QTest.mouseClick(window.motion.play, LEFT)
    qtbot.waitUntil(lambda: window.player.state.position > 3.5)
    qtbot.waitUntil(lambda: window.player.state.position < 1.0)
    QTest.mouseClick(window.motion.play, LEFT)
    assert not window.player.state.playing
    assert "keyframes" not in answers


def test_thumbnails_follow_truncation_and_directions(window: Window, qtbot: QtBot) -> None:
    strip = window.timeline.strip

    def thumbnails() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        assert strip._previews.pixels is not None
        return strip._previews.pixels

    qtbot.waitUntil(lambda: len(strip._pixmaps) == 4)
    plain = thumbnails()
    window.editor.edit("truncation", lambda state: state.with_truncation(0.2))
    qtbot.waitUntil(lambda: not np.array_equal(thumbnails(), plain))
    alike = thumbnails()
    window.editor.edit("directions", lambda state: state.with_amount(0, 3.0))
    qtbot.waitUntil(lambda: not np.array_equal(thumbnails(), alike))


def test_buttons_add_and_remove(window: Window) -> None:
    QTest.mouseClick(window.timeline.add, LEFT)
    assert len(seeds(window)) == 5
    assert window.player.state.position == 4.0, "what is new is shown"
    QTest.mouseClick(window.timeline.remove, LEFT)
    assert seeds(window) == [0, 1, 2, 3]


def test_it_is_visible_in_the_modes_that_use_it(window: Window) -> None:
    heights = {}
    for mode in ("grid", "path", "pad", "number"):
        window.player.apply(window.player.state.with_mode(mode))
        heights[mode] = window.timeline.isVisible() and window.timeline.height()
    assert heights["number"] is False
    assert heights["grid"] == heights["pad"] < heights["path"]


def test_many_keyframes_are_scrolled_to(window: Window, qtbot: QtBot) -> None:
    window.editor.edit("many", lambda state: state.with_timeline(Timeline(KEYS * 10)))
    strip = window.timeline.strip
    qtbot.waitUntil(lambda: strip.width() >= strip.strip_layout.width)
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_End)
    shown = strip.visibleRegion().boundingRect()
    assert shown.left() <= strip.strip_layout.left(39) < shown.right()
