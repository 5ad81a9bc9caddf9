"""The time spent in training steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class TrainingClock:
    """Counts the seconds spent in training steps, over all sessions of a run.

    What was trained after the last checkpoint and lost in a crash is not counted, nor are pauses.
    """

    def __init__(self) -> None:
        self._counted = 0.0
        self._running_since: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._counted + (0.0 if self._running_since is None else time.monotonic() - self._running_since)

    def set(self, seconds: float) -> None:
        """Continue from the seconds of earlier sessions."""
        self._counted = seconds

    def start(self) -> None:
        """Start counting."""
        self._running_since = time.monotonic()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Do not count the time that the block takes."""
        self._counted, self._running_since = self.seconds, None
        yield
        self.start()
