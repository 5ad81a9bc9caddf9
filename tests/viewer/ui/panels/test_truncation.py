"""The panel that sets the variety."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, state


def test_uniform_latents_stay_in_the_range_of_training(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.truncation.slider.setFocus()
    QTest.keyClick(window.truncation.slider, Qt.Key.Key_End)
    assert state(window).truncation == 1.5
    with qtbot.waitSignal(window.player.opened):
        window.open(models["free"])
    QTest.keyClick(window.truncation.slider, Qt.Key.Key_Home)
    assert state(window).truncation == 0.0
    QTest.keyClick(window.truncation.slider, Qt.Key.Key_End)
    assert state(window).truncation == 1.0
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    QTest.keyClick(window.truncation.slider, Qt.Key.Key_End)
    assert state(window).truncation == 1.5
