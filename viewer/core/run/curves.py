"""The curves of a run's log, read while the trainer is writing it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLICE_BYTES = 2**15
"""Bytes read at a time: about two milliseconds of parsing."""
MOST_POINTS = 1024
"""Points of one curve; neighbours are averaged before it gets longer."""
MOST_CURVES = 64


def span(values: list[float], low: float | None = None) -> tuple[float, float]:
    """Return the lowest and highest value that a plot shows, never equal; the outermost hundredths are cut off.

    low: a value that is always shown.
    """
    ordered = sorted(values)
    cut = len(ordered) // 100
    lowest, highest = ordered[cut], ordered[-1 - cut]
    room = (highest - lowest) * 0.05 or abs(highest) * 0.05 or 1.0
    if low is not None and lowest >= low:
        return low, highest + room
    return lowest - room, highest + room


@dataclass
class Curve:
    """A metric over the images seen, in at most MOST_POINTS points, each the mean of equally many log lines."""

    images: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _stride: int = 1
    _waiting: list[tuple[float, float]] = field(default_factory=list)

    def add(self, images: float, value: float) -> None:
        """Add the value of one log line."""
        self._waiting.append((images, value))
        if len(self._waiting) < self._stride:
            return
        self.images.append(self._waiting[-1][0])
        self.values.append(sum(value for _, value in self._waiting) / self._stride)
        self._waiting.clear()
        if len(self.values) > MOST_POINTS:
            self.images = self.images[1::2]
            self.values = [sum(pair) / 2 for pair in zip(self.values[::2], self.values[1::2], strict=False)]
            self._stride *= 2


class Log:
    """The curves of a `log.jsonl` that another process is writing. Lines that cannot be read are skipped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clear()

    def clear(self) -> None:
        """Forget everything; the next `read` starts at the beginning."""
        self.curves: dict[str, Curve] = {}
        self.last_images: float = 0
        self.images_per_s: float = 0
        self._file = self._offset = self._end = 0

    @property
    def behind(self) -> bool:
        """Whether whole slices remain to be read: call `read` again soon."""
        return self._end - self._offset >= SLICE_BYTES

    def read(self) -> bool:
        """Read the next slice of what was appended. Returns whether the curves changed.

        A log that became shorter, or was replaced by another file, is read from its beginning.
        """
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                if about.st_size < self._offset or about.st_ino != self._file:
                    self.clear()
                    self._file = about.st_ino
                self._end = about.st_size
                if self._end == self._offset:
                    return False
                file.seek(self._offset)
                chunk = file.read(SLICE_BYTES)
        except OSError:
            self._end = self._offset
            return False
        whole = chunk.rfind(b"\n") + 1
        if not whole and len(chunk) == SLICE_BYTES:
            whole = len(chunk)  # the trainer writes no line that long
        self._offset += whole  # an incomplete line is read again with its rest
        for line in chunk[:whole].splitlines():
            self._add_line(line)
        return whole > 0

    def _add_line(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return
        images = _number(entry.get("images")) if isinstance(entry, dict) else None
        if images is None:
            return
        self.last_images = max(self.last_images, images)
        for name, value in entry.items():
            number = _number(value)
            if number is None or name == "images" or (name not in self.curves and len(self.curves) >= MOST_CURVES):
                continue
            self.curves.setdefault(name, Curve()).add(images, number)
            if name == "images_per_s":
                self.images_per_s = number


def _number(value: Any) -> float | None:
    """Return a finite number as a float, and None for anything else."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30
    return float(value) if fits and math.isfinite(value) else None
