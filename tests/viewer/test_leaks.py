"""The check for leaks, which runs after each of the viewer's tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

from tests.support.leaks import Leaks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


class Endless(QThread):
    def run(self) -> None:
        self.exec()


def test_widgets_threads_and_timers_that_are_left_are_named_and_ended(qapp: QApplication) -> None:
    go = threading.Event()
    leaks = Leaks()
    with leaks.watch():
        window, timer, thread = QWidget(), QTimer(), Endless()
        window.setObjectName("forgotten window")
        timer.setObjectName("forgotten timer")
        timer.start(1000)
        thread.setObjectName("forgotten thread")
        thread.start()
        python = threading.Thread(target=go.wait, name="forgotten work")
        python.start()
    found = leaks.found()
    for kind, name in (("QWidget", "window"), ("QTimer", "timer"), ("Endless", "thread"), ("Thread", "work")):
        assert sum(one.startswith(f"{kind} 'forgotten {name}', held by") for one in found) == 1, found
    go.set()
    python.join()
    assert leaks.found() == []
    assert not timer.isActive()
    assert not thread.isRunning()


def test_what_is_ended_is_not_found(qapp: QApplication) -> None:
    leaks = Leaks()
    with leaks.watch():
        window, timer, thread = QWidget(), QTimer(), Endless()
        timer.start(1000)
        thread.start()
        timer.stop()
        thread.quit()
        thread.wait()
        window.deleteLater()
    assert leaks.found() == []


def test_cycles_are_left_to_the_garbage_collector(qapp: QApplication) -> None:
    leaks = Leaks()
    with leaks.watch():
        window = QWidget()
        window.myself = window  # type: ignore[attr-defined]
        del window
    assert leaks.found() == []
