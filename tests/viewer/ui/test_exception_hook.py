"""Unexpected errors."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QThread
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow
from viewer.ui.exception_hook import ExceptionHook


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ExceptionHook:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    found = ExceptionHook()
    found.install()
    return found


def test_an_error_in_a_slot_is_a_message_with_details(
    models: dict[str, Path], open_window: OpenWindow, hook: ExceptionHook, capsys: pytest.CaptureFixture[str]
) -> None:
    window = open_window(models["digits"])
    hook.caught.connect(window.show_unexpected_error)
    window.menu.actions()[0].triggered.connect(lambda: 1 // 0)
    button = QPushButton(window)
    button.clicked.connect(lambda: int("missing"))
    button.click()
    assert "ValueError" in window.message.text.text()
    QTest.mouseClick(window.message.offer, LEFT)
    assert "Traceback" in QGuiApplication.clipboard().text()
    assert "ValueError" in capsys.readouterr().err
    button.click()
    assert not window.message.isVisible(), "the same again is not told again"
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert window.player.state.seed == 1, "everything goes on"


def test_an_error_in_a_thread_is_a_message_too(
    models: dict[str, Path], open_window: OpenWindow, hook: ExceptionHook, qtbot: QtBot
) -> None:
    class Broken(QThread):
        def run(self) -> None:
            raise LookupError("in Qt's thread")

    window = open_window(models["digits"])
    hook.caught.connect(window.show_unexpected_error)
    broken = Broken()
    broken.start()
    broken.wait()
    qtbot.waitUntil(lambda: "in Qt's thread" in window.message.text.text())
    thread = threading.Thread(target=lambda: [][1])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: "IndexError" in window.message.text.text())


def test_an_error_of_the_system_shows_no_number(
    models: dict[str, Path], open_window: OpenWindow, hook: ExceptionHook, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    hook.caught.connect(window.show_unexpected_error)
    button = QPushButton(window)
    button.clicked.connect(lambda: (tmp_path / "missing").read_bytes())
    button.click()
    assert "missing: no such file or directory)" in window.message.text.text()
    assert "Errno" not in window.message.text.text()


def test_leaving_is_not_an_error(hook: ExceptionHook, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[type[BaseException]] = []
    monkeypatch.setattr(hook, "_before", (lambda kind, *_: passed.append(kind), threading.excepthook))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert passed == [KeyboardInterrupt]
