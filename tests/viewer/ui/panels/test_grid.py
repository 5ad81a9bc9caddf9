"""The panel that chooses the number of cells."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, state, wait_for_the_picture


def test_the_grid_slider_offers_squares(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    slider = window.grid.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert (state(window).cells, window.grid.value.text()) == (1, "1 × 1")
    wait_for_the_picture(qtbot, window)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert state(window).cells == 256
    wait_for_the_picture(qtbot, window)
