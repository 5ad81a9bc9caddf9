"""What the tests of the viewer's window share."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Semaphore
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from export.runtime.arrays import UInt8
from export.runtime.generator import Generator, open_generator
from viewer.core.picture.compose import compose
from viewer.core.scene.cells import scene_of
from viewer.core.state.view_state import ViewState
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.export.sheet import ExportSheet
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
"""The fixture `open_window`."""
LEFT = Qt.MouseButton.LeftButton


class Gate:
    """Stands before a generator and lets one render through at a time."""

    def __init__(self) -> None:
        self.permits = Semaphore(1)
        self.renders = 0

    def opener(self, path: Path, provider: str) -> Generator:
        generator = open_generator(path, provider)
        session = generator.session

        class Gated:
            @staticmethod
            def run(names: list[str], feeds: dict[str, Any]) -> Any:
                self.permits.acquire(timeout=10)
                self.renders += 1
                return session.run(names, feeds)

        return dataclasses.replace(generator, session=Gated())


def state(window: Window) -> ViewState:
    return window.player.state


def button(window: Window, name: str) -> QPushButton:
    """Return the button of that accessible name."""
    return next(one for one in window.findChildren(QPushButton) if one.accessibleName() == name)


def expected_picture(window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Render the window's state with a generator of our own."""
    assert window.player.model is not None
    generator = open_generator(window.player.model.path, "cpu")
    scene = scene_of(generator.info, window.player.state, window.player.directions)
    assert scene is not None
    return compose(generator.generate_pixels(scene.z, scene.y), scene.columns, close=scene.close)


def wait_for_the_picture(qtbot: QtBot, window: Window) -> None:
    expected = expected_picture(window)
    qtbot.waitUntil(lambda: window.player.frame is not None and np.array_equal(window.player.frame.picture, expected))


def pixels(window: Window) -> UInt8:
    """Return the pictures on the canvas, uint8 [n, h, w] or [n, h, w, 3]."""
    assert window.canvas.frame is not None
    return window.canvas.frame.pixels


def stroke(widget: QWidget, corners: Sequence[QPoint], steps: int) -> None:
    """Move the pressed mouse from corner to corner, in `steps` steps each."""
    QTest.mousePress(widget, LEFT, pos=corners[0])
    for start, end in itertools.pairwise(corners):
        for step in range(1, steps + 1):
            QTest.mouseMove(widget, start + (end - start) * (step / steps))
            QApplication.processEvents()
    QTest.mouseRelease(widget, LEFT, pos=corners[-1])


def shown(canvas: Canvas) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return what the canvas paints, uint8 [h, w, 4]."""
    image = canvas.grab().toImage().convertToFormat(canvas.grab().toImage().Format.Format_RGB32)
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine())[:, : image.width() * 4].copy()


def texts(dialog: QDialog) -> str:
    """Return the texts of a dialog's visible labels."""
    return "\n".join(one.text() for one in dialog.findChildren(QLabel) if not one.isHidden())


def drop_file(window: Window, path: Path, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Drag a file over the window and drop it."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    action = Qt.DropAction.CopyAction
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySide6 6.12 wants a QPointF, which older ones do not take
        enter = QDragEnterEvent(QPoint(50, 50), action, mime, LEFT, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(50, 50), action, mime, LEFT, keys))


def place(window: Window, cell: int) -> QPoint:
    """Return the middle of a cell on the canvas."""
    return window.canvas._cell(cell).center().toPoint()


def click(window: Window, cell: int) -> None:
    QTest.mouseClick(window.canvas, LEFT, pos=place(window, cell))


def locked(window: Window) -> list[int]:
    return [cell for cell, _ in window.player.state.locks]


def sheet_of(window: Window, page: str = "picture") -> ExportSheet:
    """Open the export sheet on a page."""
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert window.exporter.sheet is not None
    assert window.exporter.sheet.isVisible()
    window.exporter.sheet.show_page(page)
    return window.exporter.sheet


def export(window: Window, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the sheet's button, and choose `path` in the file dialog."""
    assert window.exporter.sheet is not None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given, **more: (str(path), ""))
    with qtbot.waitSignal(window.task.succeeded):
        QTest.mouseClick(window.exporter.sheet.export, LEFT)
    qtbot.waitUntil(lambda: window.task.isHidden())
