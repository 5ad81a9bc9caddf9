"""What the viewer adds to inference: `python -m bench.viewer [--model FILE] [--frames N] [--json FILE]`.

For each grid size, frames go through the engine to a canvas (offscreen) and are timed from the request to the end of
painting; between them, the same batch goes through `session.run` alone, so that both see the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if not __package__:  # run as a file: the project's root is not on the search path
    sys.path[0] = str(Path(__file__).parents[1])

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from export.contract import ExportError
from export.runtime import find_model, open_generator
from viewer.__main__ import BUNDLED_MODEL
from viewer.core.frames import Frame, OpenRequest, RenderRequest
from viewer.core.look import Look
from viewer.core.scene import scene_of
from viewer.core.state import ViewState
from viewer.engine.worker import Worker
from viewer.ui.canvas import Canvas

GRIDS = (1, 16, 64, 100)
WARM_UP = 10


def quantiles_ms(times_s: list[float]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    ordered = sorted(times_s)
    return statistics.median(ordered) * 1e3, ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1e3


def measure(path: Path, frames: int) -> list[dict[str, float]]:
    """One row for each grid size; all times in milliseconds."""
    application = QApplication.instance() or QApplication(["bench"])
    bare = open_generator(path)
    canvas = Canvas()
    canvas.resize(876, 730)
    canvas.show()
    worker = Worker(lambda _path, _provider: bare)  # the same session: two would differ in their threads
    loop = QEventLoop(application)

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
        for cells in GRIDS:
            painted_s, bare_s = [], []
            for frame in range(frames + WARM_UP):
                state = ViewState(seed=frame // 60, cells=cells, position=frame % 60 / 60)
                start = time.perf_counter()
                scene = scene_of(bare.info, state)
                assert scene is not None
                worker.mailbox.put(RenderRequest(1, frame, scene, Look()))
                loop.exec()
                painted_s.append(time.perf_counter() - start)
                feeds = {"z": scene.z} if scene.y is None else {"z": scene.z, "y": scene.y}
                start = time.perf_counter()
                bare.session.run(["pixels"], feeds)
                bare_s.append(time.perf_counter() - start)
            painted, bare_run = quantiles_ms(painted_s[WARM_UP:]), quantiles_ms(bare_s[WARM_UP:])
            rows.append(
                {
                    "cells": cells,
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


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Time the viewer's frames beside bare inference.")
    parser.add_argument("--model", type=Path, default=BUNDLED_MODEL, help="default: the bundled generator")
    parser.add_argument("--frames", type=int, default=300, help="for each grid size; default %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    try:
        path = find_model(arguments.model)
        rows = measure(path, max(arguments.frames, 1))
    except ExportError as error:
        print(error, file=sys.stderr)
        return 2
    table = Table("cells", "painted p50", "p95", "session.run p50", "p95", "overhead", title="milliseconds a frame")
    for row in rows:
        cells, *times = row.values()
        table.add_row(f"{cells:.0f}", *(f"{value:.2f}" for value in times))
    Console().print(table)
    at_64 = next(row for row in rows if row["cells"] == 64)
    ratio = at_64["painted_p50_ms"] / at_64["run_p50_ms"]
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"frames": arguments.frames, "rows": rows, "ratio": ratio}, indent=2) + "\n"
        )
    print(f"painted / session.run at 64 cells: {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
