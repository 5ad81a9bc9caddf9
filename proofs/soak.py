"""Prove that the window survives random use: `python -m proofs.soak [--minutes M] [--seed S] [--json FILE]`.

A random user clicks, drags, types, drops good and hostile files, exports, and closes dialogs in a real window. The
proof fails if anything raises, a frame never comes, the window freezes, a picture rendered again from its recipe is
not the shown one to the bit, or memory, threads, timers or widgets keep growing. The window is offscreen unless there
is a display. The same seed repeats the same actions, provided that frames come at the same speed; `--stop-at` ends at
a given action.
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
from digitforge.files import write_json
from proofs.monkey import Monkey
from proofs.naming import Naming
from viewer.core.scene.messages import Failure, RenderRequest
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.window import Window

STUCK_S = 10.0
"""A requested frame that takes longer than this is stuck."""
FROZEN_S = 2.0
"""The longest time that one action may block the window."""
SETTLE_EVERY = 50
"""Actions after which a frame has to come, and what is shown has to be what its recipe makes."""
SETTLE_SHARE = 0.25
"""Share of the time in which caches fill; growth is measured afterwards."""
GROWTH_LIMITS = {"allocated_mib": 40.0, "python_blocks": 1e6, "widgets": 20.0, "timers": 2.0, "threads": 1.0}
"""Largest growth per hour."""
LONG_MINUTES = 30.0
"""Shorter runs cannot tell growth from chance, so their growth is not judged."""


class Failed(Exception):
    """Something went wrong in the window."""


class _Mallinfo(ctypes.Structure):
    _fields_ = (("numbers", ctypes.c_size_t * 10),)  # hblkhd is the fifth, uordblks the eighth


def allocated_mib() -> float:
    """Return the memory that glibc's malloc has given out, MiB; 0 elsewhere. Small Python objects are not counted."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (OSError, TypeError, AttributeError):
        return 0.0
    mallinfo.restype = _Mallinfo
    numbers = mallinfo().numbers
    return float(numbers[4] + numbers[7]) / 2**20


class Watch:
    """Counts frames and notices errors."""

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
        """Return everything that must not grow, by name."""
        return {
            "resident_mib": round(resident_mib(), 1),
            "allocated_mib": round(allocated_mib(), 1),
            "python_blocks": sys.getallocatedblocks(),
            "threads": threading.active_count(),
            "widgets": len(QApplication.allWidgets()),
            "timers": len(self.window.findChildren(QTimer)),
            "wrappers": len(Shiboken.getAllValidWrappers()),  # findChildren(QObject) would make some that stay
            "favourites": self.window.favourites.list.count(),  # these may grow, and take memory
        }

    def check(self, held_s: float) -> None:
        """Raise Failed for an exception, or if an action blocked the window too long. held_s: seconds it took."""
        if self.errors:
            raise Failed(self.errors[0])
        if held_s > FROZEN_S:
            raise Failed(f"the window was blocked for {held_s:.1f} s")

    def settle(self) -> None:
        """Wait for a frame, or for a message why there is none; raise Failed if neither comes."""
        player = self.window.player
        if player.model is None:
            return
        before = self.frames + self.failures
        player.refresh()
        end = time.monotonic() + STUCK_S
        while self.frames + self.failures == before and not player._empty:
            if time.monotonic() > end:
                raise Failed(f"no frame came within {STUCK_S:.0f} s")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def slope(points: list[tuple[float, float]]) -> float:
    """Return how fast the second numbers grow with the first, by least squares."""
    if len(points) < 3:
        return 0.0
    x, y = np.array(points).T
    return float(np.polyfit(x - x.mean(), y, 1)[0])


def soak(
    application: QApplication, minutes: float, seed: int, stop_at: int, log: Path | None, progress: Progress
) -> dict[str, Any]:
    """Use a window at random; return the results, with what went wrong under "found" ("" if nothing did)."""
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
            drag.deleteLater()  # as the original does
            return Qt.DropAction.IgnoreAction

        # The system's dialogs wait for a person, and a drag waits for a mouse, so both return at once instead.
        QFileDialog.getSaveFileName = chosen  # type: ignore[method-assign]
        QFileDialog.getOpenFileName = lambda *_, **__: (str(BUNDLED_MODEL), "")  # type: ignore[method-assign]
        QFileDialog.getExistingDirectory = lambda *_, **__: str(folder)  # type: ignore[method-assign]
        QDrag.exec = gone  # type: ignore[method-assign, assignment]
        window = Window(Player("cpu"))
        window.resize(1180, 820)
        window.show()
        window.open(BUNDLED_MODEL)
        monkey, watch, naming = Monkey(window, folder, seed), Watch(window), Naming(window.player)
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
                    raise Failed("the window closed")
                if monkey.done % SETTLE_EVERY == 0:
                    watch.settle()
                    if misnamed := naming.misnamed(monkey.done // SETTLE_EVERY):
                        raise Failed(misnamed)
                if not samples or now - start >= len(samples) * max(1.0, 60 * minutes / 240):
                    samples.append({"seconds": round(now - start, 1)} | watch.sizes())
                    progress.update(task, completed=now - start, description=f"{monkey.done:,} actions")
        except Failed as problem:
            found = str(problem)
        window.close()
        application.clipboard().clear()  # offscreen, it would release a Python object after Python has ended
        application.processEvents()
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    settled = samples[int(len(samples) * SETTLE_SHARE) :] or samples
    growth = {
        name: slope([(sample["seconds"] / 3600, sample[name]) for sample in settled])
        for name in settled[0]
        if name != "seconds"
    }
    if not found and minutes >= LONG_MINUTES:
        found = "; ".join(
            f"{name} grow by {growth[name]:.0f} per hour" for name, most in GROWTH_LIMITS.items() if growth[name] > most
        )
    return {
        "minutes": minutes, "seed": seed, "actions": monkey.done, "frames": watch.frames, "failures": watch.failures,
        "pictures_rendered_again": naming.checked,
        "actions_by_kind": dict(monkey.counts.most_common()), "first": samples[0], "last": samples[-1],
        "largest_resident_mib": max(sample["resident_mib"] for sample in samples),
        "growth_per_hour": {name: round(value, 2) for name, value in growth.items()},
        "found": found, "before_it": list(monkey.last) if found else [],
    }  # fmt: skip


def command(given: argparse.Namespace, application: QApplication) -> int:
    """Run the soak, print the results, and return the exit status."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        result = soak(application, given.minutes, given.seed, given.stop_at, given.log, progress)
    print(json.dumps(result, indent=2))
    if given.json:
        write_json(given.json, result)
    print(f"after {result['actions']:,} actions: {result['found'] or 'nothing went wrong'}")
    return int(bool(result["found"]))


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if something went wrong in the window."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the actions; default: %(default)s")
    parser.add_argument("--stop-at", type=int, default=-1, metavar="N", help="end after this many actions")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write each action there at once, in case of a crash")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    application = QApplication(["soak"])  # must outlive the window
    return exit_status(lambda: command(given, application))


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.exit(status)
