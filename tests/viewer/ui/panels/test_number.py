"""Writing a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from export.contract import GeneratorInfo
from proofs.tiny_generator import write_model
from tests.conftest import LATENT, SIDE
from tests.support.windows import click, export, sheet_of
from viewer.core.files.formats import read_recipe
from viewer.core.state.number import MOST_CHARACTERS
from viewer.core.state.timeline import MOST_KEYFRAMES
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
    assert window.number.note.text() == "Left out: x"
    assert [button.text() for button in window.number.places[:4] if button.isVisible()] == ["3", "1", "7"]
    QTest.keyClick(window.number.edit, Qt.Key.Key_Backspace)
    assert window.number.note.isVisible()
    QTest.keyClick(window.number.edit, Qt.Key.Key_Return)
    assert not window.number.edit.hasFocus()


def test_digits_are_written_from_anywhere_in_the_window(window: Window) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(window.canvas, Qt.Key.Key_9)
    assert window.number.edit.text() == "2029"
    assert window.player.state.digits == ()
    assert window.editor.stack.undoText() == "text"


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


def test_a_double_click_only_shows_the_character_large(window: Window, qtbot: QtBot) -> None:
    canvas = window.canvas
    middle = QPoint(canvas.width() * 3 // 8, canvas.height() // 2)
    QTest.mouseClick(canvas, LEFT, pos=middle)  # Qt sends a double click as click, double click, release
    QTest.mouseDClick(canvas, LEFT, pos=middle)
    assert window.inspector.view.isVisible()
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert rolls(window) == ()
    assert window.inspector.view.isVisible()


def test_a_click_before_the_mode_changes_varies_nothing(window: Window, qtbot: QtBot) -> None:
    click(window, 1)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert rolls(window) == ()


def test_adding_a_character_to_the_timeline_is_said(window: Window) -> None:
    click(window, 2)
    window.inspector._open(2)
    QTest.mouseClick(window.inspector.view.keyframe, LEFT)
    assert window.player.state.timeline.keyframes[0].label == 2
    assert window.message.text.text() == "Added to the timeline as keyframe 1."
    for _ in range(MOST_KEYFRAMES):
        QTest.mouseClick(window.inspector.view.keyframe, LEFT)
    assert len(window.player.state.timeline.keyframes) == MOST_KEYFRAMES
    assert window.message.text.text() == "The timeline is full: it takes 64 keyframes."


def letters(tmp_path: Path, classes: str) -> Path:
    return write_model(tmp_path / "letters.onnx", GeneratorInfo(LATENT, "normal", tuple(classes), 1, SIDE, SIDE))


def test_letters_are_written_in_the_case_that_there_is(tmp_path: Path, open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(letters(tmp_path, "abcdefghijklmnopqrstuvwxyz"))
    window.rail.group.button(3).click()
    edit = window.number.edit
    assert (window.number.title.text(), edit.text(), edit.placeholderText()) == ("Text", "hello", "hello")
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "Hello World 7")
    assert edit.text() == "hello world 7"
    assert window.number.note.text() == "Left out: space, 7"
    assert "a b c" in window.number.note.toolTip()
    edit.setCursorPosition(1)
    QTest.keyClicks(edit, "XY")
    assert edit.text() == "hxyello world 7", "the cursor stays where it is"
    edit.selectAll()
    QTest.keyClicks(edit, "a")
    edit.selectAll()
    QTest.keyClicks(edit, "A")
    assert edit.text() == "a"
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_B)
    QTest.keyClick(window.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert edit.text() == "abr"
    assert window.player.state.digits == ()
    qtbot.waitUntil(lambda: labels(window) == [0, 1, 17])


def test_another_generator_gets_a_text_that_it_can_write(
    tmp_path: Path, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.rail.group.button(3).click()
    assert (window.number.title.text(), window.number.edit.text()) == ("Number", "2026")
    with qtbot.waitSignal(window.player.opened):
        window.open(letters(tmp_path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert (window.number.title.text(), window.number.edit.text()) == ("Text", "HELLO")
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    assert window.number.edit.text() == "2026"
    window.open(models["free"])
    qtbot.waitUntil(lambda: window.player.state.mode == "grid")  # it cannot write
    assert window.rail.group.button(0).isChecked()


def test_what_does_not_fit_is_said(window: Window, qapp: QApplication) -> None:
    edit, note = window.number.edit, window.number.note
    edit.setFocus()
    edit.selectAll()
    qapp.clipboard().setText("7" * 20 + "x" + "8" * 9)
    edit.paste()
    assert window.player.state.number.text == "7" * 20 + "x888"
    assert note.text() == "Only 24 characters fit. The rest was left out.\nLeft out: x"
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    assert note.text() == "Left out: x"
    QTest.keyClicks(edit, "9")
    assert note.text() == "Left out: x", "all 24 fit"
    window.canvas.setFocus()
    QTest.keyClicks(window.canvas, "5")
    assert window.message.text.text() == "Only 24 characters fit. The rest was left out."
    assert window.player.state.number.text == "7" * 20 + "x889"


def test_a_long_text_is_broken_into_lines_and_exported_as_shown(
    window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = window.number.edit
    edit.setFocus()
    assert not window.number.lines.isVisible()
    QTest.keyClicks(edit, "0123456789" * 3)
    qtbot.waitUntil(lambda: len(labels(window)) == MOST_CHARACTERS)
    assert window.number.value.text() == "24 of 24"
    assert window.number.note.text() == "Only 24 characters fit. The rest was left out."
    assert window.player.frame is not None
    assert window.player.frame.picture.shape == (3 * SIDE, 8 * SIDE)
    assert window.canvas._cell(0).height() > 60
    sheet_of(window)
    export(window, tmp_path / "lines.png", qtbot, monkeypatch)
    with Image.open(tmp_path / "lines.png") as image:
        assert image.width * 3 == image.height * 8
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: len(labels(window)) == MOST_CHARACTERS - 1)
    assert window.player.frame.picture.all(), "nor does a line that ends early leave a gap"
    state = read_recipe(tmp_path / "lines.png").state
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseClick(window.number.lines, LEFT)
    assert window.player.frame.picture.shape == (SIDE, 23 * SIDE)
    with qtbot.waitSignal(window.player.frame_ready):
        window.restorer.restore(tmp_path / "lines.png")
    assert window.player.state.number == state.number
    assert window.player.frame.picture.shape == (3 * SIDE, 8 * SIDE)
    window.exporter.open_sheet()
    sheet = window.exporter.sheet
    assert sheet is not None
    sheet.show_page("animation")
    export(window, tmp_path / "lines.gif", qtbot, monkeypatch)
    assert sheet.isHidden()
    with Image.open(tmp_path / "lines.gif") as film:
        assert film.width * 3 == film.height * 8


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
