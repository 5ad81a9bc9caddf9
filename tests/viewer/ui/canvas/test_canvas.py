"""Cells, as a person points at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ModelRefused
from viewer.core.picture.compose import compose
from viewer.core.picture.fit import WHOLE
from viewer.core.state.samples import Sample
from viewer.ui.canvas.marks import padlock_box
from viewer.ui.widgets.dragging import unpack
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def place(window: Window, cell: int) -> QPoint:
    return window.canvas._cell(cell).center().toPoint()


def click(window: Window, cell: int) -> None:
    QTest.mouseClick(window.canvas, LEFT, pos=place(window, cell))


def locked(window: Window) -> list[int]:
    return [cell for cell, _ in window.player.state.locks]


def wheel(window: Window, turned: int, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(window.canvas.mapToGlobal(at)), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
        keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


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


def test_a_classifier_that_is_missing_is_told_once_for_each_generator(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModelRefused("There is no classifier.")

    monkeypatch.setattr("viewer.engine.predictions._classifier", missing)
    window = open_window(models["digits"])
    # The held cell is classified again as soon as another generator shows it.
    asking: tuple[Callable[[], object], ...] = (
        lambda: window.canvas.hold(3),
        lambda: window.open(models["other"]),
    )
    for cell, ask in enumerate(asking, 4):
        with qtbot.waitSignal(window.player.failed):
            ask()
        assert window.message.text.text() == "There is no classifier."
        window.message.hide()
        with qtbot.assertNotEmitted(window.player.failed, wait=100):
            window.canvas.hold(cell)
        assert not window.message.isVisible()


def test_a_cell_opens_large_and_closes(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    view = window.inspector.view
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 12))
    assert view.isVisible()
    assert (view.seed.text(), view.index.text(), view.class_name.text()) == ("0", "12", "2")
    qtbot.waitUntil(lambda: view.note.text().startswith("The bundled classifier does not know"))
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
    QTest.mouseClick(view.copy, LEFT)
    assert QGuiApplication.clipboard().image().width() >= 512
    QTest.keyClick(view, Key.Key_Escape)
    assert not view.isVisible()
    assert window.canvas.hasFocus()
    QTest.keyClick(window.canvas, Key.Key_Return)
    assert view.isVisible()


def test_the_bundled_digits_are_classified(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    QTest.mouseMove(window.canvas, place(window, 7))
    qtbot.waitUntil(lambda: "predicted 7" in window.canvas.accessibleDescription())
    assert "seed 0 : 7   ·   class 7" in window.canvas.accessibleDescription()
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 7))
    qtbot.waitUntil(lambda: window.inspector.view.bars.isVisible())
    assert window.inspector.view.bars.accessibleName().startswith("Predicted 7, 9")
    window.editor.edit("playing", lambda state: state.with_playing(True))
    qtbot.waitUntil(lambda: not window.inspector.view.bars.isVisible())
    assert "predicted" not in window.canvas.accessibleDescription()
    window.editor.edit("playing", lambda state: state.with_playing(False))
    qtbot.waitUntil(lambda: window.inspector.view.bars.isVisible())


def test_a_cell_of_the_generator_before_is_not_spoken_of(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_digits((9,)))
    with qtbot.waitSignal(window.player.frame_ready):
        window.player.refresh()
    with qtbot.waitSignal(window.player.opened):
        window.open(models["colour"])
    # Now, before the new generator's first frame: nine is no class of it.
    QTest.mouseMove(window.canvas, place(window, 3))
    window.canvas.current_changed.emit()
    with qtbot.waitSignal(window.player.frame_ready):
        window.player.refresh()
