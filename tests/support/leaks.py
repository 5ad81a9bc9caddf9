"""What a test leaves behind: top-level widgets, threads and running timers."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken


class Leaks:
    """The widgets that exist, and the threads and timers that are started while `watch` is active."""

    def __init__(self) -> None:
        self._widgets = {Shiboken.getCppPointer(widget)[0] for widget in QApplication.topLevelWidgets()}
        self._python_threads = set(threading.enumerate())
        self._threads: list[weakref.ref[QThread]] = []
        self._timers: list[weakref.ref[QTimer]] = []

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Remember every QThread and QTimer that is started from Python."""
        starts = QThread.start, QTimer.start
        QThread.start = _remembering(QThread.start, self._threads)  # type: ignore[method-assign]
        QTimer.start = _remembering(QTimer.start, self._timers)  # type: ignore[method-assign]
        try:
            yield
        finally:
            QThread.start, QTimer.start = starts  # type: ignore[method-assign]

    def found(self) -> list[str]:
        """Describe what is left, and end it, so that the next test starts clean."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if self._left():
            gc.collect()  # what only the garbage collector has to free is not leaked
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return [_end(thing) for thing in self._left()]

    def _left(self) -> list[Any]:
        widgets = [one for one in QApplication.topLevelWidgets() if Shiboken.getCppPointer(one)[0] not in self._widgets]
        references: list[weakref.ref[Any]] = [*self._threads, *self._timers]
        alive = [one for one in (each() for each in references) if one is not None and Shiboken.isValid(one)]
        running = [one for one in alive if (one.isRunning() if isinstance(one, QThread) else one.isActive())]
        # A QThread that ran Python code stays registered as a dummy until its number is used again.
        python = [
            one
            for one in threading.enumerate()
            if one not in self._python_threads and not isinstance(one, threading._DummyThread)
        ]
        return [*widgets, *running, *python]


def _remembering(start: Callable[..., None], started: list[weakref.ref[Any]]) -> Callable[..., None]:
    def remember(self: Any, *arguments: Any) -> None:
        started.append(weakref.ref(self))
        start(self, *arguments)

    return remember


def _end(thing: Any) -> str:
    name = thing.name if isinstance(thing, threading.Thread) else thing.objectName()
    # Not the frames and lists of this module.
    holders = [one for one in gc.get_referrers(thing) if type(one).__name__ not in ("frame", "list", "list_iterator")]
    if isinstance(thing, QWidget):
        thing.close()
        thing.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    elif isinstance(thing, QTimer):
        thing.stop()
    elif isinstance(thing, QThread):
        getattr(thing, "stop", thing.quit)()
        thing.wait(5_000)
    return f"{type(thing).__name__} {name!r}, held by {[_describe(one) for one in holders[:5]]}"


def _describe(holder: Any) -> str:
    keys = f" with {', '.join(map(str, list(holder)[:8]))}" if isinstance(holder, dict) else ""
    return f"{type(holder).__module__}.{getattr(holder, '__qualname__', type(holder).__qualname__)}{keys}"
