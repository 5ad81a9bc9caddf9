"""The map of many samples, and the real pictures nearest to one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, state, wait_for_the_picture
from viewer.core.picture.fit import WHOLE
from viewer.core.real.pictures import RealPictures
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window

DIGITS = tuple("0123456789")


def open_map(window: Window, qtbot: QtBot) -> None:
    QTest.mouseClick(window.rail.group.button(MODES.index("map")), LEFT)
    qtbot.waitUntil(lambda: window.mapping.view.map is not None, timeout=20_000)


def open_sample(window: Window, qtbot: QtBot, place: int) -> None:
    view = window.mapping.view
    QTest.mouseClick(view, LEFT, pos=view.centre(place).toPoint())
    qtbot.waitUntil(window.inspector.view.isVisible)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealPictures:
    """Real pictures of the size of the tests' generators."""
    pixels = np.random.default_rng(0).integers(0, 256, (400, 12, 12), np.uint8)
    found = RealPictures("MNIST", pixels, np.arange(400) % 10, DIGITS)
    monkeypatch.setattr("viewer.engine.real.load", lambda info: found)
    return found


@pytest.mark.parametrize("name", ["digits", "free", "colour"])
def test_every_generator_has_a_map(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, name: str) -> None:
    window = open_window(models[name])
    open_map(window, qtbot)
    view = window.mapping.view
    assert view.isVisible()
    assert not window.canvas.isVisible()
    assert view.map is not None
    assert len(view.map.samples) == 1000
    assert view.map.real is None
    assert view.map.why_not in window.mapping.panel.note.text()
    assert view.map.why_not.endswith(".")
    assert not window.mapping.panel.real.isVisible()


def test_a_click_opens_a_sample_which_can_go_everywhere(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    open_map(window, qtbot)
    view = window.mapping.view
    assert view.map is not None
    view.zoom(8.0, view.centre(3))
    place = view._at(view.centre(3))
    assert place is not None
    sample = view.map.samples[place]
    open_sample(window, qtbot, 3)
    assert state(window).chosen == sample
    assert not view.isVisible()
    wait_for_the_picture(qtbot, window)
    QTest.keyClick(window.inspector.view, Qt.Key.Key_Escape)
    assert view.isVisible()
    assert not window.canvas.isVisible()
    QTest.mouseClick(window.mapping.panel.keyframe, LEFT)
    assert state(window).timeline.keyframes == (sample,)
    QTest.mouseClick(window.mapping.panel.grid, LEFT)
    assert (state(window).mode, state(window).locks) == ("grid", ((0, sample),))
    assert window.canvas.isVisible()
    for _ in range(3):
        window.editor.stack.undo()
    assert (state(window).mode, state(window).chosen) == ("map", None)


def test_the_map_is_zoomed_and_panned(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    open_map(window, qtbot)
    view = window.mapping.view
    middle = QPointF(view.rect().center())
    turn = QWheelEvent(
        middle, view.mapToGlobal(middle), QPoint(), QPoint(0, 360), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, turn)
    assert view.view.zoom == pytest.approx(1.25**3)
    before = view.centre(0)
    QTest.mousePress(view, LEFT, pos=middle.toPoint())
    QTest.mouseMove(view, middle.toPoint() + QPoint(30, 20))
    QTest.mouseRelease(view, LEFT, pos=middle.toPoint() + QPoint(30, 20))
    moved = view.centre(0) - before
    assert (moved.x(), moved.y()) == pytest.approx((30, 20), abs=1)
    assert window.inspector.view.isHidden(), "a drag opens nothing"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert view.view == WHOLE
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert "class" in view.accessibleDescription()
    QTest.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(window.inspector.view.isVisible)
    qtbot.waitUntil(lambda: not view._moving.isActive())


def test_real_pictures_lie_beside_the_samples_and_can_be_hidden(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, real: RealPictures
) -> None:
    window = open_window(models["digits"])
    open_map(window, qtbot)
    view, panel = window.mapping.view, window.mapping.panel
    assert view.map is not None
    assert view.map.real is not None
    assert panel.real.text() == "Real pictures of MNIST"
    assert len(view._places) == 1400
    QTest.mouseClick(panel.real, LEFT)
    assert len(view._places) == 1000


def test_a_copy_is_called_a_copy(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, real: RealPictures
) -> None:
    window = open_window(models["digits"])
    assert window.player.frame is not None
    real.pixels[123] = window.player.frame.pixels[5]
    window.canvas.hold(5)
    window.inspector.menu.real.trigger()
    dialog = window.mapping.nearest
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.nearness is not None)
    assert dialog.answer.text() == "A copy! This very picture is in MNIST."
    assert dialog.nearness is not None
    assert dialog.nearness.pixels.rows[0] == 123
    qtbot.waitUntil(dialog.progress.isHidden)
    dialog.reject()
    window.canvas.hold(6)
    window.inspector.menu.real.trigger()
    qtbot.waitUntil(lambda: dialog.nearness is not None)
    assert not dialog.answer.text().startswith("A copy")


def test_without_the_data_a_sentence_says_how_to_get_them(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.canvas.opened.emit(2)
    QTest.mouseClick(window.inspector.view.real, LEFT)
    dialog = window.mapping.nearest
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.answer.text().startswith("The file of this generator does not say"))
    assert dialog.progress.isHidden()
