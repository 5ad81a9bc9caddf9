"""Long work on a thread of its own, with progress, that can be cancelled."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from PySide6.QtCore import QThread, Signal

from digitforge.errors import DigitforgeError, error_message
from viewer.core.files import Report


class Cancelled(Exception):
    """The user cancelled the work."""


class Background(QThread):
    """Runs one function once. Connect its signals, then `start` it; `cancel` and `wait` before dropping it."""

    progressed = Signal(int, int)
    """How much is done, and of how much."""
    succeeded = Signal(object)
    """The function's result."""
    failed = Signal(str)
    """An error message."""
    cancelled = Signal()

    def __init__(self, function: Callable[[Report], Any], name: str) -> None:
        """function: takes a Report, and calls it from time to time; that raises Cancelled after `cancel`."""
        super().__init__()
        self.setObjectName(f"digitforge {name}")
        self._function = function
        self._stop = Event()

    def cancel(self) -> None:
        """Stop the work at its next report."""
        self._stop.set()

    def run(self) -> None:
        """Run the function; called by QThread."""
        try:
            value = self._function(self._report)
        except Cancelled:
            self.cancelled.emit()
        except (DigitforgeError, OSError) as error:
            self.failed.emit(error_message(error))
        except Exception as error:  # whatever a library raises, the user gets a message
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.failed.emit(f"This failed: {reason.rstrip('.')[:200]}.")
        else:
            self.succeeded.emit(value)

    def _report(self, done: int, of: int) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.progressed.emit(done, of)
