"""A monkey at the window: `python -m proofs.soak [--minutes M] [--seed S] [--stop-at N] [--log FILE] [--json FILE]`.

Random clicks, drags, keys, typing, drops of good and hostile files, exports and closed dialogs, from a fixed seed, in a
real window (offscreen unless there is a display). It ends with an error where something raised, a frame stayed out, the
window froze, or memory, threads, timers or widgets kept growing. The same seed does the same again, as far as frames
come as quickly; `--stop-at` ends it at the action that the last time named.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QFileDialog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from shiboken6 import Shiboken

from bench.memory import resident_mib
from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import exit_status
from digitforge.files import write_bytes
from proofs.monkey import Monkey
from viewer.core.scene.requests import Failure, RenderRequest
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.window import Window

STUCK_S = 10.0
"""A frame that was asked for and is not there after this long is stuck."""
FROZEN_S = 2.0
"""The longest that one action may hold the window."""
SETTLE_SHARE = 0.25
"""Of the time, at the beginning, in which caches fill; growth is measured after it."""
GROWTH_LIMITS = {"allocated_mib": 40.0, "python_blocks": 1e6, "widgets": 20.0, "timers": 2.0, "threads": 1.0}
"""An hour, in runs that are long enough to tell growth from chance."""
TELLING_MINUTES = 30.0


class Found(Exception):
    """What went wrong."""


class _Mallinfo(ctypes.Structure):
    _fields_ = (("numbers", ctypes.c_size_t * 10),)  # hblkhd is the fifth, uordblks the eighth


def allocated_mib() -> float:
    """What malloc has given out and not got back, with glibc; elsewhere 0. Small Python objects are not in it."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (OSError, TypeError, AttributeError):
        return 0.0
    mallinfo.restype = _Mallinfo
    numbers = mallinfo().numbers
    return float(numbers[4] + numbers[7]) / 2**20


class Watch:
    """Looks for what must not happen."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.errors: list[str] = []
        self.frames = self.failures = 0
        window.player.frame_ready.connect(self._count)
        window.player.failed.connect(self._count_failure)
        sys.excepthook = self._note
        threading.excepthook = lambda given: self._note(given.exc_type, given.exc_value, given.exc_traceback)

    def _count(self, _: object) -> None:
        self.frames += 1

    def _count_failure(self, failure: Failure) -> None:
        self.failures += isinstance(failure.request, RenderRequest)

    def _note(self, kind: Any, error: Any, trace: Any) -> None:
        self.errors.append("".join(traceback.format_exception(kind, error, trace)))

    def sizes(self) -> dict[str, float]:
        """What must not grow."""
        return {
            "resident_mib": round(resident_mib(), 1),
            "allocated_mib": round(allocated_mib(), 1),
            "python_blocks": sys.getallocatedblocks(),
            "threads": threading.active_count(),
            "widgets": len(QApplication.allWidgets()),
            "timers": len(self.window.findChildren(QTimer)),
            "wrappers": len(Shiboken.getAllValidWrappers()),  # findChildren(QObject) would make some that stay
            "favourites": self.window.favourites.list.count(),  # may grow, and takes memory
        }

    def check(self, held_s: float) -> None:
        """Raise Found for an exception, a frozen window, or a frame that stays out."""
        if self.errors:
            raise Found(self.errors[0])
        if held_s > FROZEN_S:
            raise Found(f"the window was held for {held_s:.1f} s")

    def settle(self) -> None:
        """Wait until a frame is there or a sentence why not; raise Found where neither comes."""
        player = self.window.player
        if player.model is None:
            return
        before = self.frames + self.failures
        player.refresh()
        end = time.monotonic() + STUCK_S
        while self.frames + self.failures == before and not player._empty:
            if time.monotonic() > end:
                raise Found(f"no frame came within {STUCK_S:.0f} s")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def slope(points: list[tuple[float, float]]) -> float:
    """How fast the second numbers grow with the first, by least squares."""
    if len(points) < 3:
        return 0.0
    x, y = np.array(points).T
    return float(np.polyfit(x - x.mean(), y, 1)[0])


def soak(
    application: QApplication, minutes: float, seed: int, stop_at: int, log: Path | None, progress: Progress
) -> dict[str, Any]:
    """Let the monkey at a window; returns the figures, with what was found under "found"."""
    QStandardPaths.setTestModeEnabled(True)
    shutil.rmtree(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation), ignore_errors=True)
    theme.apply(application)
    task = progress.add_task("", total=minutes * 60)
    samples: list[dict[str, float]] = []
    found = ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        numbers = iter(range(10**9))

        def chosen(*_: object, **__: object) -> tuple[str, str]:
            return str(folder / f"out{next(numbers) % 20}"), ""

        def gone(drag: QDrag, *_: object) -> Qt.DropAction:
            drag.deleteLater()  # as the real one does
            return Qt.DropAction.IgnoreAction

        # Dialogs of the system wait for a person, and a drag for a mouse: what they would bring is brought at once.
        QFileDialog.getSaveFileName = chosen  # type: ignore[method-assign]
        QFileDialog.getOpenFileName = lambda *_, **__: (str(BUNDLED_MODEL), "")  # type: ignore[method-assign]
        QFileDialog.getExistingDirectory = lambda *_, **__: str(folder)  # type: ignore[method-assign]
        QDrag.exec = gone  # type: ignore[method-assign, assignment]
        window = Window(Player("cpu"))
        window.resize(1180, 820)
        window.show()
        window.open(BUNDLED_MODEL)
        monkey, watch = Monkey(window, folder, seed), Watch(window)
        start = time.monotonic()
        end = start + 60 * minutes
        try:
            while (now := time.monotonic()) < end and monkey.done != stop_at:
                before = time.monotonic()
                what = monkey.act()
                if log is not None:
                    with log.open("w" if monkey.done == 1 else "a") as lines:
                        lines.write(f"{monkey.done} {what}\n")
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
                held = time.monotonic() - before
                watch.check(0.0 if what in ("rest", "vanish") else held)
                if not window.isVisible():
                    raise Found("the window closed")
                if monkey.done % 50 == 0:
                    watch.settle()
                if not samples or now - start >= len(samples) * max(1.0, 60 * minutes / 240):
                    samples.append({"seconds": round(now - start, 1)} | watch.sizes())
                    progress.update(task, completed=now - start, description=f"{monkey.done:,} actions")
        except Found as problem:
            found = str(problem)
        window.close()
        application.clipboard().clear()  # in memory, it would let go of a Python object after Python's end
        application.processEvents()
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    settled = samples[int(len(samples) * SETTLE_SHARE) :] or samples
    growth = {
        name: slope([(sample["seconds"] / 3600, sample[name]) for sample in settled])
        for name in settled[0]
        if name != "seconds"
    }
    if not found and minutes >= TELLING_MINUTES:
        found = "; ".join(
            f"{name} grows by {growth[name]:.0f} an hour" for name, most in GROWTH_LIMITS.items() if growth[name] > most
        )
    return {
        "minutes": minutes, "seed": seed, "actions": monkey.done, "frames": watch.frames, "failures": watch.failures,
        "actions_by_kind": dict(monkey.counts.most_common()), "first": samples[0], "last": samples[-1],
        "largest_resident_mib": max(sample["resident_mib"] for sample in samples),
        "growth_per_hour": {name: round(value, 2) for name, value in growth.items()},
        "found": found, "before_it": list(monkey.last) if found else [],
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status: 1 where something was found."""
    parser = argparse.ArgumentParser(description="Random use of the window, from a seed.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stop-at", type=int, default=-1, metavar="N", help="end after so many actions")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write down each action, also where the process dies")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(arguments)
    application = QApplication(["soak"])  # outlives the window
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        result = soak(application, given.minutes, given.seed, given.stop_at, given.log, progress)
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if given.json and exit_status(lambda: write_bytes(given.json, text.encode())):
        return 2
    return int(bool(result["found"]))


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.exit(status)
