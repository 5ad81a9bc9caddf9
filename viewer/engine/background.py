"""Work that takes long: on a thread of its own, with progress, and stopped when asked."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from PySide6.QtCore import QThread, Signal

from digitforge.errors import DigitforgeError, error_message
from viewer.core.files import Report


class Cancelled(Exception):
    """The work was stopped by the person who wanted it."""


class Background(QThread):
    """Runs one function once. Connect, then `start`; `cancel` and `wait` before it goes."""

    progressed = Signal(int, int)
    """Done, of how much."""
    succeeded = Signal(object)
    """What the function returned."""
    failed = Signal(str)
    """One sentence."""
    cancelled = Signal()

    def __init__(self, function: Callable[[Report], Any], name: str) -> None:
        """function: takes a Report, which it calls every now and then."""
        super().__init__()
        self.setObjectName(f"digitforge {name}")
        self._function = function
        self._stop = Event()

    def cancel(self) -> None:
        """Stop at the next report."""
        self._stop.set()

    def run(self) -> None:
        """The thread itself; called by QThread."""
        try:
            value = self._function(self._report)
        except Cancelled:
            self.cancelled.emit()
        except (DigitforgeError, OSError) as error:
            self.failed.emit(error_message(error))
        except Exception as error:  # the thread must end with a sentence whatever a library raises
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.failed.emit(f"This could not be done: {reason.rstrip('.')[:200]}.")
        else:
            self.succeeded.emit(value)

    def _report(self, done: int, of: int) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.progressed.emit(done, of)
