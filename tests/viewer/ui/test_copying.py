"""Copying the picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow
from viewer.core.files.formats import read_recipe

CTRL = Qt.KeyboardModifier.ControlModifier


def test_copying_takes_the_picture_and_its_recipe(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    window.canvas.setFocus()
    with qtbot.waitSignal(window.copier.notified):
        QTest.keyClick(window, Qt.Key.Key_C, CTRL)
    mime = QGuiApplication.clipboard().mimeData()
    assert isinstance(mime.imageData(), QImage)
    path = tmp_path / "pasted.png"
    path.write_bytes(bytes(mime.data("image/png").data()))
    assert read_recipe(path).state == window.player.state
