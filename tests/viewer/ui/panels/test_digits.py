"""The panel that chooses the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from export.contract import GeneratorInfo
from proofs.tiny_generator import write_model
from tests.conftest import LATENT, SIDE
from tests.support.windows import LEFT, OpenWindow, button, shown, state, wait_for_the_picture
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window

CTRL = Qt.KeyboardModifier.ControlModifier


def test_clicking_a_digit_shows_only_that_digit(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    before = shown(window.canvas)
    QTest.mouseClick(button(window, "Class 7"), LEFT)
    assert state(window).digits == (7,)
    wait_for_the_picture(qtbot, window)
    assert not np.array_equal(shown(window.canvas), before)
    QTest.mouseClick(button(window, "All classes, mixed"), LEFT)
    assert state(window).digits == ()
    wait_for_the_picture(qtbot, window)
    assert np.array_equal(shown(window.canvas), before)


def test_without_classes_there_is_nothing_to_pick(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["free"])
    assert not window.digits.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert state(window).digits == ()
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    assert window.digits.isVisible()


def test_letters_have_buttons_and_their_own_keys(tmp_path: Path, open_window: OpenWindow) -> None:
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    info = GeneratorInfo(LATENT, "normal", letters, 1, SIDE, SIDE, {"preset": "tiny"})
    window = open_window(write_model(tmp_path / "letters.onnx", info))
    assert window.digits.title.text() == "Class"
    assert button(window, "Class z").isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_7)
    assert state(window).digits == (), "7 is no letter"
    QTest.keyClick(window.canvas, Qt.Key.Key_B)
    assert state(window).digits == (1,)
    QTest.keyClick(window.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert state(window).digits == (17,), "R alone is another seed"


@pytest.mark.parametrize("model", ["free", "colour"])
def test_what_a_generator_cannot_do_is_not_offered(
    models: dict[str, Path], open_window: OpenWindow, model: str
) -> None:
    window = open_window(models[model])
    assert not window.rail.group.button(3).isVisible()
    assert not window.hint.write.isVisible()


def test_many_classes_come_as_a_list(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["many"])
    picker = window.digits._list
    assert picker is not None
    assert picker.count() == 30
    picker.setFocus()
    QTest.keyClick(picker, Qt.Key.Key_End)
    assert state(window).digits == (29,)
    wait_for_the_picture(qtbot, window)


def digit(window: Window, name: str) -> QPushButton:
    return next(one for one in window.digits.findChildren(QPushButton) if one.accessibleName() == f"Class {name}")


def test_several_digits_by_ctrl_or_by_the_toggle(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(digit(window, "2"), LEFT)
    QTest.mouseClick(digit(window, "7"), LEFT, CTRL)
    assert state(window).digits == (2, 7)
    assert window.digits.several.isChecked(), "it shows that a click adds now"
    assert window.digits.value.text() == "2 of 10"
    QTest.mouseClick(digit(window, "5"), LEFT)
    QTest.mouseClick(digit(window, "2"), LEFT)
    assert state(window).digits == (5, 7)
    assert [digit(window, name).isChecked() for name in "257"] == [False, True, True]
    QTest.mouseClick(window.digits.several, LEFT)
    QTest.mouseClick(digit(window, "5"), LEFT)
    assert state(window).digits == (5,)
    QTest.mouseClick(digit(window, "5"), LEFT)
    assert digit(window, "5").isChecked(), "what is shown alone stays down"
    QTest.mouseClick(window.digits.all, LEFT)
    assert state(window).digits == ()
    assert window.digits.all.isChecked()
    window.editor.stack.undo()
    assert state(window).digits == (5, 7), "quick clicks of one kind are one step"


def test_several_of_many_classes(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["many"])
    picker = window.digits._list
    assert picker is not None

    def click(row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        item = picker.item(row)
        picker.scrollToItem(item)
        QTest.mouseClick(picker.viewport(), LEFT, keys, picker.visualItemRect(item).center())

    click(3)
    click(20, CTRL)
    assert state(window).digits == (3, 20)
    QTest.mouseClick(window.digits.all, LEFT)
    assert state(window).digits == ()
    assert not picker.selectedItems()


def test_one_per_row_shows_every_class(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    panel, grid = window.digits, window.grid.slider
    assert state(window).cells == 64
    QTest.mouseClick(panel.rows, LEFT)
    assert (state(window).cells, window.grid.value.text()) == (100, "10 × 10")
    wait_for_the_picture(qtbot, window)
    assert window.player.frame is not None
    labels = [sample.label for sample in window.player.frame.scene.samples]
    assert labels == [row for row in range(10) for _ in range(10)]
    assert not panel.missing.isVisible()
    grid.setValue(grid.value() - 2)
    assert panel.missing.text() == "8 and 9 have no row: the grid has 8."
    assert panel.add_rows.text() == "Show 10 rows"
    QTest.mouseClick(panel.add_rows, LEFT)
    assert state(window).cells == 100
    assert not panel.missing.isVisible()
    assert not panel.add_rows.isVisible()
    window.editor.stack.undo()
    grid.setValue(grid.value() - 3)
    assert panel.missing.text().startswith("5 of 10 classes have no row")
    QTest.mouseClick(panel.rows, LEFT)
    assert not state(window).by_rows
    assert not panel.missing.isVisible()


def test_rows_are_offered_where_there_are_some(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    assert window.digits.rows.isVisible()
    window.rail.group.button(MODES.index("map")).click()
    assert window.digits.isVisible()
    assert not window.digits.rows.isVisible()


def test_more_classes_than_a_grid_has_rows(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["many"])
    QTest.mouseClick(window.digits.rows, LEFT)
    assert state(window).cells == 256
    classes = len(window.player.model.info.classes) if window.player.model else 0
    assert window.digits.missing.text() == f"{classes - 16} of {classes} classes have no row: the grid has 16."
    assert not window.digits.add_rows.isVisible()
