"""Measure how quickly drawings are answered: `python -m bench.drawing [--model FILE] [--seconds S] [--json FILE]`.

A window is drawn on with simulated moves of the mouse, one each 8 ms, as most mice send them, offscreen. An answer is
one iteration of the search, put into the state and painted. Beside it, a batch of 64 pictures goes through
`session.run` alone: the least that an iteration needs. An iteration of clay and the directions around one picture are
measured without a window.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import exit_status
from digitforge.files import write_json
from export.inversion.clay import Clay
from export.inversion.neighbours import local_directions
from export.runtime.generator import find_model, open_generator
from export.runtime.latents import latents, one_hot
from viewer.core.scene.messages import Frame
from viewer.core.state.clay import START_STRENGTH
from viewer.core.state.near import DIRECTIONS as NEIGHBOURS
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.window import Window

MOVE_MS = 8
STROKE_S = 1.0
BATCH, RUNS = 64, 50
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def rest(seconds: float) -> None:
    """Let the event loop run for `seconds`."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1e3), loop.quit)
    loop.exec()


def send(window: Window, kind: QEvent.Type, turn: float) -> None:
    """Move the mouse along a circle on the sheet. turn: from 0 to 1."""
    sheet = window.drawer.sheet
    box = sheet.box()
    angle = turn * math.tau
    place = QPointF(
        box.left() + box.width() * (0.5 + 0.25 * math.cos(angle)),
        box.top() + box.height() * (0.5 + 0.35 * math.sin(angle)),
    )
    button = NONE if kind == QEvent.Type.MouseMove else LEFT
    buttons = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
    QApplication.sendEvent(
        sheet, QMouseEvent(kind, place, sheet.mapToGlobal(place), button, buttons, Qt.KeyboardModifier.NoModifier)
    )


def answers(path: Path, seconds: float) -> dict[str, float]:
    """Draw zeros for `seconds`, and return answers per second and the times between them."""
    window = Window(Player(), remember=False)
    window.resize(1180, 820)
    window.show()
    loop, painted_s = QEventLoop(), list[float]()
    window.player.frame_ready.connect(loop.quit)
    try:
        window.open(path)
        loop.exec()
        window.editor.edit("mode", lambda state: state.with_mode("draw"))
        rest(3.0)  # the samples that searches start from

        def paint(_frame: Frame) -> None:
            window.canvas.repaint()
            painted_s.append(time.perf_counter())

        window.player.frame_ready.connect(paint)
        start = time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            window.drawer.sheet.clear_wanted.emit()
            send(window, QEvent.Type.MouseButtonPress, 0.0)
            begun = time.perf_counter()
            while (part := (time.perf_counter() - begun) / STROKE_S) < 1:
                send(window, QEvent.Type.MouseMove, part)
                rest(MOVE_MS / 1e3)
            send(window, QEvent.Type.MouseButtonRelease, 1.0)
        gaps_ms = sorted((later - earlier) * 1e3 for earlier, later in itertools.pairwise(painted_s))
    finally:
        window.close()
    return {
        "seconds": elapsed,
        "answers_per_s": len(painted_s) / elapsed,
        "gap_p50_ms": statistics.median(gaps_ms),
        "gap_p95_ms": gaps_ms[round(0.95 * (len(gaps_ms) - 1))],
    }


def batch_ms(path: Path) -> float:
    """Return the median milliseconds of BATCH pictures in one call of the session."""
    generator = open_generator(path)
    classes = len(generator.info.classes)
    z = latents(generator.info, 0, 0, BATCH)
    y = one_hot(np.arange(BATCH) % classes, classes) if classes else None
    times_s = []
    for _ in range(RUNS):
        start = time.perf_counter()
        generator.generate(z, y)
        times_s.append(time.perf_counter() - start)
    return statistics.median(times_s) * 1e3


def step_ms(path: Path) -> dict[str, float]:
    """Return the median milliseconds of one iteration of clay, and of finding the directions around a picture."""
    generator = open_generator(path)
    info = generator.info
    z = latents(info, 0, 0, 1)
    y = one_hot([0], len(info.classes)) if info.conditional else None
    weights = None if y is None else y[0]
    clay = Clay(info, generator.generate(z, y)[0], z[0], weights)
    cover = np.zeros((info.height, info.width), np.float32)
    cover[info.height // 2] = 1
    clay.paint(cover, cover, START_STRENGTH)
    return {
        "clay_ms": _median_ms(lambda: clay.step(generator.generate)),
        "neighbourhood_ms": _median_ms(lambda: local_directions(info, generator.generate, z[0], weights, NEIGHBOURS)),
    }


def _median_ms(step: Callable[[], object]) -> float:
    times_s = []
    for _ in range(RUNS):
        start = time.perf_counter()
        step()
        times_s.append(time.perf_counter() - start)
    return statistics.median(times_s) * 1e3


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    path = find_model(given.model)
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    measured = answers(path, max(given.seconds, STROKE_S)) | {"batch_ms": batch_ms(path)} | step_ms(path)
    ratio = measured["gap_p50_ms"] / measured["batch_ms"]
    if given.json:
        write_json(given.json, measured | {"ratio": ratio})
    print(f"{measured['answers_per_s']:.1f} answers/s while drawing")
    print(f"between two answers: {measured['gap_p50_ms']:.1f} ms (median), {measured['gap_p95_ms']:.1f} ms (95 %)")
    print(f"{BATCH} pictures: {measured['batch_ms']:.1f} ms")
    print(f"one iteration of clay: {measured['clay_ms']:.1f} ms")
    print(f"the directions around a picture: {measured['neighbourhood_ms']:.1f} ms")
    print(f"time between answers / session.run of {BATCH} pictures: {ratio:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.drawing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=BUNDLED_MODEL, help="default: the bundled generator")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to draw; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
