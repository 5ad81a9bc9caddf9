"""The panel that plays and pauses."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, wait_for_the_picture


def test_play_and_pause(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    assert window.status.rate.text() == ""
    QTest.mouseClick(window.motion.play, LEFT)
    assert window.motion.play.text() == "Pause"
    qtbot.waitUntil(lambda: window.status.rate.text().endswith("frames/s"))
    QTest.mouseClick(window.motion.play, LEFT)
    assert window.motion.play.text() == "Play"
    assert window.status.rate.text() == ""
    wait_for_the_picture(qtbot, window)
    assert window.status.provider.text() == "CPU"
    assert window.status.latency.text().endswith(" ms")
