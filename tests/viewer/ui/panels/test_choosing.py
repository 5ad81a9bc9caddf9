"""Digits, seeds and looks, as a person chooses them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from viewer.core.picture.compose import compose
from viewer.core.picture.look import Look
from viewer.core.state.view_state import ViewState
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def state(window: Window) -> ViewState:
    return window.player.state


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


def test_rows_show_one_class_each(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseClick(window.digits.rows, LEFT)
    assert window.player.frame is not None
    labels = [sample.label for sample in window.player.frame.scene.samples]
    assert labels[:17] == [0] * 8 + [1] * 8 + [2]


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


def test_seeds_used_before_come_back(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    for seed in (41, 42):
        window.editor.edit("seed", partial(ViewState.with_seed, seed=seed))
    window.seed.menu.aboutToShow.emit()
    assert [action.text() for action in window.seed.menu.actions()] == ["42", "41", "0"]
    window.seed.menu.actions()[1].trigger()
    assert state(window).seed == 41


def test_the_look_changes_the_picture_without_inference(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    assert window.player.frame is not None
    pixels = window.player.frame.pixels
    QTest.mouseClick(window.look.swatches["magma"], LEFT)
    QTest.mouseClick(window.look.invert, LEFT)
    QTest.mouseClick(window.look.beside, LEFT)
    window.look.slider.setFocus()
    for _ in range(20):
        QTest.keyClick(window.look.slider, Qt.Key.Key_Right)
    expected = Look("magma", invert=True, smoothing=1.0, beside=True)
    qtbot.waitUntil(lambda: window.player.frame is not None and window.player.frame.look == expected)
    assert window.player.frame.pixels is pixels, "the same array: nothing was rendered again"
    np.testing.assert_array_equal(window.player.frame.picture, compose(pixels, 8, expected))
    assert window.look.sigma.text() == "1.00 px"
    QTest.keyClick(window.canvas, Qt.Key.Key_I)
    assert not window.look.invert.isChecked()
    for _ in range(5):
        window.editor.stack.undo()
    assert state(window).look == Look()


def test_colour_pictures_are_offered_no_colours(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["colour"])
    assert not any(swatch.isEnabled() for swatch in window.look.swatches.values())
    assert window.look.invert.isEnabled()
