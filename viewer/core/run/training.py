"""A run directory while it trains: the stages that were exported, and the curves of its log."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from export.runtime.generator import GENERATOR_FILE, find_model

EXPORTS = "exports"
LOG_FILE = "log.jsonl"
CONFIG_FILE = "config.json"
"""What the trainer calls them; only files pass between the two."""
SLICE_BYTES = 2**15
"""Read at once: about two milliseconds of parsing."""
MOST_POINTS = 1024
"""Of one curve; neighbours are averaged before it gets longer."""
MOST_CURVES = 64


@dataclass(frozen=True)
class Stage:
    """One exported generator."""

    path: Path
    images: int | None
    """Images seen; None for the run's `generator.onnx`, whose name does not say."""
    stamp: tuple[int, int] = (0, 0)
    """Of the newest stage: modification time in ns and size, so that a file that was rewritten is another stage."""


def is_run(path: Path) -> bool:
    """Whether `path` is a directory that training writes, or wrote."""
    return any((path / name).exists() for name in (EXPORTS, LOG_FILE, CONFIG_FILE)) and path.is_dir()


def stages_of(run_dir: Path) -> tuple[Stage, ...]:
    """The exported stages, the oldest first; where there are none, the run's own export, if that is there."""
    try:
        with os.scandir(run_dir / EXPORTS) as entries:
            names = sorted(
                (int(stem), entry.path)
                for entry in entries
                if (stem := entry.name.removesuffix(".onnx")) != entry.name and stem.isdecimal()
            )
    except OSError:
        names = []
    found = [Stage(Path(path), images) for images, path in names] or [Stage(run_dir / GENERATOR_FILE, None)]
    try:
        about = found[-1].path.stat()
    except OSError:  # removed meanwhile
        return tuple(found[:-1])
    return (*found[:-1], Stage(found[-1].path, found[-1].images, (about.st_mtime_ns, about.st_size)))


def model_of(path: Path) -> Path:
    """The ONNX file that `path` means now: itself, or a run's newest stage. Raises ExportError where there is none."""
    stages = stages_of(path) if is_run(path) else ()
    return stages[-1].path if stages else find_model(path)


def run_of(path: Path) -> Path:
    """The run directory that an exported stage lies in; other paths are returned as they are."""
    return path.parent.parent if path.parent.name == EXPORTS and path.stem.isdecimal() else path


def name_of(path: Path) -> str:
    """What a generator file is called in the window: a run's files are always called the same, its folder says more."""
    if (run := run_of(path)) != path:
        return f"{run.name} · {int(path.stem):,} images"
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def planned_images(run_dir: Path) -> int | None:
    """The length of the run in images, where its config.json says so and no length in seconds ends it sooner."""
    try:
        config = json.loads((run_dir / CONFIG_FILE).read_text(encoding="utf-8"))["config"]
        planned, seconds = config["images"], config.get("seconds")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return planned if isinstance(planned, int) and not seconds else None


def to_open(stages: tuple[Stage, ...], shown: Stage | None, follow: bool) -> Stage | None:
    """The stage that should be opened now that these are there: a newer one while they are followed, else None."""
    return stages[-1] if stages and follow and stages[-1] != shown else None


def span(values: list[float], low: float | None = None) -> tuple[float, float]:
    """Lowest and highest value that a plot shows: all but the outermost hundredths, never one point.

    low: shown in any case.
    """
    ordered = sorted(values)
    cut = len(ordered) // 100
    lowest, highest = ordered[cut], ordered[-1 - cut]
    room = (highest - lowest) * 0.05 or abs(highest) * 0.05 or 1.0
    if low is not None and lowest >= low:
        return low, highest + room
    return lowest - room, highest + room


def nearest(stages: tuple[Stage, ...], images: float) -> int:
    """The place of the stage nearest to so many images. Raises ValueError where there are no stages."""
    return min(range(len(stages)), key=lambda place: abs((stages[place].images or 0) - images))


@dataclass
class Curve:
    """A figure over the images seen, in at most MOST_POINTS points of equally many log lines each."""

    images: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _stride: int = 1
    _waiting: list[tuple[float, float]] = field(default_factory=list)

    def add(self, images: float, value: float) -> None:
        """Take the figure of one log line."""
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
    """The curves of a log.jsonl that somebody else is writing. What cannot be read is passed over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clear()

    def clear(self) -> None:
        """Forget everything, to read from the start."""
        self.curves: dict[str, Curve] = {}
        self.last_images: float = 0
        self.images_per_s: float = 0
        self._file = self._offset = self._end = 0

    @property
    def behind(self) -> bool:
        """Whether whole slices are left to be read: call `read` again soon."""
        return self._end - self._offset >= SLICE_BYTES

    def read(self) -> bool:
        """Read the next slice of what was appended; returns whether the curves changed.

        A log that became shorter, or is another file than before, is read from its start.
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
            whole = len(chunk)  # no line of ours is that long
        self._offset += whole  # a line that is cut in the middle waits for its rest
        for line in chunk[:whole].splitlines():
            self._take(line)
        return whole > 0

    def _take(self, line: bytes) -> None:
        try:
            facts = json.loads(line)
        except (ValueError, RecursionError):
            return
        images = _number(facts.get("images")) if isinstance(facts, dict) else None
        if images is None:
            return
        self.last_images = max(self.last_images, images)
        for name, value in facts.items():
            number = _number(value)
            if number is None or name == "images" or (name not in self.curves and len(self.curves) >= MOST_CURVES):
                continue
            self.curves.setdefault(name, Curve()).add(images, number)
            if name == "images_per_s":
                self.images_per_s = number


def _number(value: Any) -> float | None:
    """A finite number as it is, everything else as None."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30
    return float(value) if fits and math.isfinite(value) else None
