"""Keys and drops that the window handles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, button, drop_file, state, wait_for_the_picture
from viewer.core.picture.compose import to_rgb


def test_the_keyboard_sheet(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert state(window).seed == 1
    QTest.keyClick(window.canvas, Qt.Key.Key_Left)
    assert state(window).seed == 0
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert state(window).digits == (4,)
    assert button(window, "Class 4").isChecked()
    QTest.keyClick(window.canvas, Qt.Key.Key_M)
    assert state(window).digits == ()
    QTest.keyClick(window.canvas, Qt.Key.Key_Space)
    assert state(window).playing
    QTest.keyClick(window.canvas, Qt.Key.Key_Space)
    assert not state(window).playing


def test_dropping_a_generator_opens_it(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, models["colour"])
    wait_for_the_picture(qtbot, window)
    assert "colour.onnx" in window.windowTitle()
    assert button(window, "Class hedgehog").isVisible()
    rgb = to_rgb(window.player.frame.picture) if window.player.frame else np.zeros((1, 1, 3))
    assert not np.array_equal(rgb[..., 0], rgb[..., 1])


def test_dropping_a_run_directory_opens_its_generator(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "generator.onnx").write_bytes(models["other"].read_bytes())
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, tmp_path)
    assert window.player.model is not None
    assert window.player.model.path == tmp_path / "generator.onnx"
