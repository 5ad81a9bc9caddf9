"""Frames per second, from the times at which frames came."""

from __future__ import annotations

from collections import deque


class FrameRate:
    """Counts the frames of the last second or so."""

    def __init__(self, window_s: float = 1.0) -> None:
        self._window_s = window_s
        self._times: deque[float] = deque()

    def add(self, now_s: float) -> None:
        """A frame came at `now_s` (any clock that does not go back)."""
        self._times.append(now_s)
        while now_s - self._times[0] > self._window_s:
            self._times.popleft()

    def clear(self) -> None:
        """Begin anew: the frames before have nothing to do with those to come."""
        self._times.clear()

    def per_second(self) -> float | None:
        """Frames per second, or None before there are enough of them."""
        if len(self._times) < 3 or self._times[-1] <= self._times[0]:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])
