"""Unexpected exceptions become a message in the window instead of ending the program."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from digitforge.errors import error_message

MESSAGE = "An unexpected error occurred ({}). You can go on working; include the details when you report it."


class ExceptionHook(QObject):
    """Receives the exceptions that nothing caught, from every thread and from Qt's slots."""

    caught = Signal(str, str)
    """A message and the traceback. An exception that repeats is reported once."""

    def __init__(self) -> None:
        super().__init__()
        self._last = ""
        self._before = sys.excepthook, threading.excepthook

    def install(self) -> None:
        """Replace Python's hooks until `uninstall`."""
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self.handle
        threading.excepthook = lambda what: self.handle(what.exc_type, what.exc_value, what.exc_traceback)

    def uninstall(self) -> None:
        """Restore the hooks from before `install`."""
        sys.excepthook, threading.excepthook = self._before

    def handle(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        """Print the traceback and emit `caught`. KeyboardInterrupt and SystemExit go to the hook from before."""
        if not issubclass(kind, Exception):
            self._before[0](kind, error or kind(), trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        if details == self._last:
            return
        self._last = details
        print(details, end="", file=sys.stderr)
        said = error_message(error).rstrip(".") if isinstance(error, OSError) else str(error)
        reason = (said.strip().splitlines() or [""])[0][:120]
        self.caught.emit(MESSAGE.format(f"{kind.__name__}: {reason}" if reason else kind.__name__), details)
