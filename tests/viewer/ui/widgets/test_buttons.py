"""Buttons: focus, tooltips and names."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, button
from viewer.ui.widgets.buttons import icon_button, make_button


def test_a_click_leaves_the_keys_to_the_window(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    for widget in (button(window, "Class 4"), window.truncation.slider, window.motion.play):
        QTest.mouseClick(widget, LEFT)
        assert not widget.hasFocus()


def test_the_tooltip_names_the_keys_and_screen_readers_get_a_name(qtbot: QtBot) -> None:
    text = make_button(QPushButton, "Cancel", "Stop the export", "Escape")
    named = make_button(QToolButton, "All", "All classes", name="All classes, mixed")
    pictured = icon_button("random", "Random seed", "R")
    for one in (text, named, pictured):
        qtbot.addWidget(one)
    assert (text.accessibleName(), text.toolTip()) == ("Cancel", "Stop the export (Escape)")
    assert (named.accessibleName(), named.toolTip()) == ("All classes, mixed", "All classes")
    assert (pictured.accessibleName(), pictured.toolTip()) == ("Random seed", "Random seed (R)")
