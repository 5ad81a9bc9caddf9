"""Measure the cost of the viewer: `python -m bench.viewer [--model FILE] [--frames N] [--soak] [--json FILE]`.

Frames are timed from the request to the end of painting, offscreen. Between them, the same batch goes through
`session.run` alone, so that both see the same load on the machine. Then a real window plays, rests, and has a slider
dragged. CPU time is that of the process, as a share of one core.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.memory import resident_mib
from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import exit_status
from digitforge.files import write_json
from export.runtime.generator import find_model, open_generator
from viewer.core.picture.look import PLAIN, Look
from viewer.core.scene.cells import scene_of
from viewer.core.scene.messages import Frame, OpenRequest, RenderRequest
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.engine.worker import Worker
from viewer.ui import theme
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.window import Window

ROOT = Path(__file__).parents[1]
GRIDS = (1, 16, 64, 256)
FILTERED = Look("magma", smoothing=1.0)
WARM_UP = 10
PLAY_S, IDLE_S, DRAG_S = 5.0, 10.0, 3.0
STARTS = 5
LEAK_FRAMES, SOAK_FRAMES = 2_000, 100_000
LEAK_CELLS = 16
SETTLED = 500
"""Number of frames after which memory must not grow."""
Step = Callable[[], None]


def quantiles_ms(times_s: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile, in milliseconds."""
    ordered = sorted(times_s)
    return statistics.median(ordered) * 1e3, ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1e3


def walk(frame: int, cells: int) -> ViewState:
    """Return the state at a frame of a walk that takes a second per seed."""
    return ViewState(seed=frame // 60, cells=cells, position=frame % 60 / 60)


def frame_times(path: Path, frames: int, step: Step) -> list[dict[str, float]]:
    """Return a row of milliseconds for each grid size, and one for 256 smoothed and coloured cells."""
    bare = open_generator(path)
    canvas = Canvas()
    canvas.resize(876, 730)
    canvas.show()
    worker = Worker(lambda _path, _provider: bare)  # shares the session, because two would differ in threads
    loop = QEventLoop()

    def paint(frame: Frame) -> None:
        canvas.show_frame(frame)
        canvas.repaint()  # at once, not when the event loop gets to it
        loop.quit()

    worker.opened.connect(loop.quit)
    worker.rendered.connect(paint)
    worker.start()
    rows = []
    try:
        worker.mailbox.put(OpenRequest(1, path, "auto"))
        loop.exec()
        for cells, look in [(cells, PLAIN) for cells in GRIDS] + [(GRIDS[-1], FILTERED)]:
            painted_s, bare_s = [], []
            for frame in range(frames + WARM_UP):
                start = time.perf_counter()
                scene = scene_of(bare.info, walk(frame, cells))
                assert scene is not None
                worker.mailbox.put(RenderRequest(1, frame, scene, look))
                loop.exec()
                painted_s.append(time.perf_counter() - start)
                feeds = {"z": scene.z} if scene.y is None else {"z": scene.z, "y": scene.y}
                start = time.perf_counter()
                bare.session.run(["pixels"], feeds)
                bare_s.append(time.perf_counter() - start)
                step()
            painted, bare_run = quantiles_ms(painted_s[WARM_UP:]), quantiles_ms(bare_s[WARM_UP:])
            rows.append(
                {
                    "cells": cells,
                    "smoothing": look.smoothing,
                    "painted_p50_ms": painted[0],
                    "painted_p95_ms": painted[1],
                    "run_p50_ms": bare_run[0],
                    "run_p95_ms": bare_run[1],
                    "overhead_p50_ms": painted[0] - bare_run[0],
                }
            )
    finally:
        worker.stop()
        canvas.close()
    return rows


def rest(seconds: float) -> None:
    """Let the event loop run for `seconds`."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1e3), loop.quit)
    loop.exec()


def cpu_share(seconds: float) -> tuple[float, float]:
    """Run the event loop; return this process's CPU time as a share of one core, and the elapsed seconds."""
    start, start_cpu = time.perf_counter(), time.process_time()
    rest(seconds)
    elapsed_s = time.perf_counter() - start
    return (time.process_time() - start_cpu) / elapsed_s, elapsed_s


def in_a_window(path: Path, leak_frames: int, step: Step) -> dict[str, Any]:
    """Return what a window costs while it plays, rests, and follows a drag, and its memory over many frames."""
    window = Window(Player(), remember=False)
    player, loop, painted_s = window.player, QEventLoop(), list[float]()
    window.resize(1180, 820)
    window.show()

    def paint(_frame: Frame) -> None:
        window.canvas.repaint()
        painted_s.append(time.perf_counter())
        loop.quit()

    player.frame_ready.connect(paint)
    try:
        window.open(path)
        loop.exec()
        rest(1.0)
        measured: dict[str, Any] = {"opened_MiB": resident_mib()}

        player.apply(walk(0, 64).with_playing(True))
        rest(0.5)
        painted_s.clear()
        share, elapsed_s = cpu_share(PLAY_S)
        measured |= {"playing_64_frames_per_s": len(painted_s) / elapsed_s, "playing_64_cpu": share}
        player.apply(player.state.with_playing(False))
        rest(0.5)
        painted_s.clear()
        measured["idle_cpu"], _ = cpu_share(IDLE_S)
        measured["idle_frames"] = len(painted_s)
        step()

        player.apply(player.state.with_cells(GRIDS[-1]))
        rest(0.5)
        painted_s.clear()
        moves = 0
        end_s = time.perf_counter() + DRAG_S
        while time.perf_counter() < end_s:  # a move each millisecond, which is faster than inference
            moves += 1
            truncation = moves % 150 / 100
            window.editor.edit("truncation", partial(ViewState.with_truncation, truncation=truncation))
            rest(0.001)
        gaps_s = [later - earlier for earlier, later in itertools.pairwise(painted_s)]
        measured |= {"drag_moves": moves, "drag_frames": len(painted_s), "drag_longest_gap_ms": max(gaps_s) * 1e3}
        step()

        settled = 0.0
        for frame in range(leak_frames):
            if frame == SETTLED:
                settled = resident_mib()
            player.apply(replace(walk(frame, LEAK_CELLS), truncation=0.5))
            loop.exec()
            step()
        measured |= {"frames": leak_frames, "settled_MiB": settled, "after_frames_MiB": resident_mib()}
    finally:
        window.close()
    return measured


def start_s(path: Path, step: Step) -> float:
    """Return the median seconds of a process that opens the window, saves its first frame and ends."""
    times_s = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "viewer", str(path.resolve()), "--screenshot", f"{folder}/window.png"]
        for _ in range(STARTS):
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            times_s.append(time.perf_counter() - start)
            step()
    return statistics.median(times_s)


def show(measured: dict[str, Any], rows: list[dict[str, float]]) -> None:
    """Print the results."""
    table = Table(
        "cells", "σ", "painted p50", "p95", "session.run p50", "p95", "overhead", title="milliseconds per frame"
    )
    for row in rows:
        cells, sigma, *times = row.values()
        table.add_row(f"{cells:.0f}", f"{sigma:g}", *(f"{value:.2f}" for value in times))
    console = Console()
    console.print(table)
    console.print(
        f"64 cells playing: {measured['playing_64_frames_per_s']:.1f} frames/s, "
        f"{measured['playing_64_cpu']:.1%} of a core\n"
        f"idle: {measured['idle_cpu']:.2%} of a core, {measured['idle_frames']} frames\n"
        f"start, first frame, end: {measured['start_s']:.2f} s\n"
        f"dragging over 256 cells: {measured['drag_moves']} moves, {measured['drag_frames']} frames, "
        f"longest gap {measured['drag_longest_gap_ms']:.0f} ms\n"
        f"memory: {measured['opened_MiB']:.0f} MiB opened, {measured['settled_MiB']:.0f} MiB after {SETTLED} frames, "
        f"{measured['after_frames_MiB']:.0f} MiB after {measured['frames']}"
    )


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    path, frames = find_model(given.model), max(given.frames, 1)
    leak_frames = SOAK_FRAMES if given.soak else LEAK_FRAMES
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = (len(GRIDS) + 1) * (frames + WARM_UP) + STARTS + leak_frames + 2
        task = progress.add_task("Measuring", total=steps)
        step = lambda: progress.advance(task)  # noqa: E731
        rows = frame_times(path, frames, step)
        measured = {"start_s": start_s(path, step)} | in_a_window(path, leak_frames, step)
    show(measured, rows)
    at_64 = next(row for row in rows if row["cells"] == 64)
    ratio = at_64["painted_p50_ms"] / at_64["run_p50_ms"]
    if given.json:
        write_json(given.json, {"timed_frames": frames, "rows": rows} | measured | {"ratio": ratio})
    print(f"time of a frame of 64 cells, painted / session.run: {ratio:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.viewer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=BUNDLED_MODEL, help="default: the bundled generator")
    parser.add_argument("--frames", type=int, default=300, help="for each grid size; default: %(default)s")
    parser.add_argument("--soak", action="store_true", help=f"watch memory over {SOAK_FRAMES:,} frames")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
