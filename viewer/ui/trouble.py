"""Errors that nobody foresaw: a message instead of the end."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

SENTENCE = "Something went wrong that should not have ({}). Everything goes on; the details help whoever mends it."


class Trouble(QObject):
    """Python calls it for exceptions that nothing caught, on whatever thread; PySide6 does for those in slots."""

    happened = Signal(str, str)
    """A sentence, and the details. The same trouble again and again is told once."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ""
        self._before = sys.excepthook, threading.excepthook

    def install(self) -> None:
        """Take over until `uninstall`."""
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self.take
        threading.excepthook = lambda what: self.take(what.exc_type, what.exc_value, what.exc_traceback)

    def uninstall(self) -> None:
        """Give back what was there before."""
        sys.excepthook, threading.excepthook = self._before

    def take(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        """Tell of an exception, in the terminal too."""
        if not issubclass(kind, Exception):
            self._before[0](kind, error or kind(), trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        if details == self._told:
            return
        self._told = details
        print(details, end="", file=sys.stderr)
        reason = (str(error).strip().splitlines() or [""])[0][:120]
        self.happened.emit(SENTENCE.format(f"{kind.__name__}: {reason}" if reason else kind.__name__), details)
