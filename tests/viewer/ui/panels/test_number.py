"""Writing a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> Window:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.frame_ready):
        window.rail.group.button(3).click()
    return window


def labels(window: Window) -> list[int | None]:
    assert window.player.frame is not None
    return [sample.label for sample in window.player.frame.scene.samples]


def rolls(window: Window) -> tuple[int, ...]:
    return window.player.state.number.rolls


def test_what_is_typed_is_written(window: Window, qtbot: QtBot) -> None:
    assert window.number.isVisible()
    assert not window.seed.isVisible()
    window.number.edit.setFocus()
    window.number.edit.selectAll()
    QTest.keyClicks(window.number.edit, "31x7")
    qtbot.waitUntil(lambda: labels(window) == [3, 1, 7])
    assert window.player.state.number.text == "31x7"
    assert "Skipped: x" in window.number.note.text()
    assert [button.text() for button in window.number.places if button.isVisible()] == ["3", "1", "7"]
    QTest.keyClick(window.number.edit, Qt.Key.Key_Backspace)
    assert window.number.note.isVisible()
    QTest.keyClick(window.number.edit, Qt.Key.Key_Return)
    assert not window.number.edit.hasFocus()


def test_digits_are_written_from_anywhere_in_the_window(window: Window) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(window.canvas, Qt.Key.Key_9)
    assert window.number.edit.text() == "2029"
    assert window.player.state.digits == ()
    assert window.editor.stack.undoText() == "number"


def test_the_picture_has_no_gaps(window: Window) -> None:
    assert window.player.frame is not None
    assert window.player.frame.picture.shape == (12, 4 * 12)
    assert window.player.frame.picture.all()


def test_another_hand_by_key_and_by_button(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.randrange", lambda stop: 77)
    QTest.keyClick(window.canvas, Qt.Key.Key_R)
    assert window.player.state.number.seed == 77
    assert window.player.state.seed == 0
    assert window.number.hand.text() == "Hand 77"
    QTest.mouseClick(window.number.next, LEFT)
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert window.player.state.number.seed == 79
    QTest.mouseClick(window.number.previous, LEFT)
    assert window.player.state.number.seed == 78


def test_a_click_in_the_picture_varies_one_character(window: Window, qtbot: QtBot) -> None:
    before = window.player.frame
    assert before is not None
    canvas = window.canvas
    QTest.mouseMove(canvas, QPoint(canvas.width() * 3 // 8, canvas.height() // 2))
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseClick(canvas, LEFT, pos=QPoint(canvas.width() * 3 // 8, canvas.height() // 2))
    assert rolls(window) == (0, 1)
    after = window.player.frame
    assert after is not None
    same = [np.array_equal(a, b) for a, b in zip(before.pixels, after.pixels, strict=True)]
    assert same == [True, False, True, True]
    assert window.number.places[1].isChecked()
    window.editor.stack.undo()
    assert rolls(window) == ()
    assert not window.number.places[1].isChecked()


def test_buttons_vary_and_reset_characters(window: Window) -> None:
    assert not window.number.reset.isEnabled()
    QTest.mouseClick(window.number.places[3], LEFT)
    QTest.mouseClick(window.number.places[0], LEFT)
    QTest.mouseClick(window.number.places[0], LEFT)
    assert rolls(window) == (2, 0, 0, 1)
    QTest.mouseClick(window.number.reset, LEFT)
    assert rolls(window) == ()
    window.editor.stack.undo()
    assert rolls(window) == (2, 0, 0, 1)


@pytest.mark.parametrize(("model", "said"), [("free", "without classes"), ("colour", "longer than one character")])
def test_the_panel_says_why_it_cannot_write(
    model: str, said: str, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models[model])
    with qtbot.waitSignal(window.player.emptied):
        window.rail.group.button(3).click()
    assert said in window.number.note.text()
    assert window.number.value.text() == "not available"
    assert not window.number.edit.isEnabled()
    assert not any(button.isVisible() for button in window.number.places)
    with qtbot.waitSignal(window.player.frame_ready):
        window.open(models["digits"])
    assert window.number.edit.isEnabled()
