"""Measure how long the map takes to paint: `python -m bench.map [--frames N] [--json FILE]`.

1,000 samples of the bundled generator and, where MNIST is on the disk, 1,000 real pictures are panned and zoomed
offscreen. 60 frames a second leave 16.7 ms for each.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from bench.viewer import quantiles_ms
from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError, exit_status
from digitforge.files import write_json
from viewer.core.picture.fit import View
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.canvas.map import MapView
from viewer.ui.window import Window

SIZE = (1180, 820)
ZOOMS = (1.0, 2.0, 4.0, 8.0, 16.0)
LONGEST_WAIT_MS = 60_000


def measure(frames: int) -> dict[str, Any]:
    """Return milliseconds until the map is there, and of a frame while it is panned and while it is zoomed."""
    window = Window(Player("cpu"), remember=False)
    view, loop = window.mapping.view, QEventLoop()
    try:
        window.resize(*SIZE)
        window.show()
        window.player.frame_ready.connect(loop.quit)
        QTimer.singleShot(LONGEST_WAIT_MS, loop.quit)
        window.open(BUNDLED_MODEL)
        loop.exec()
        window.mapping.mapper.ready.connect(loop.quit)
        start = time.perf_counter()
        window.player.apply(window.player.state.with_mode("map"))
        loop.exec()
        if view.map is None:
            raise ExportError("The map was not drawn in time: close other programs and try again.")
        measured: dict[str, Any] = {
            "ready_ms": (time.perf_counter() - start) * 1e3, "real": view.map.real is not None, "rows": [],
        }  # fmt: skip
        for zoom in ZOOMS:
            panned_s = [_paint_s(view, View(zoom, 0.4 + frame / frames / 5)) for frame in range(frames)]
            zoomed_s = [_paint_s(view, View(zoom + frame / frames)) for frame in range(frames)]
            panned, zoomed = quantiles_ms(panned_s), quantiles_ms(zoomed_s)
            measured["rows"].append({"zoom": zoom, "pan_ms": panned, "zoom_ms": zoomed})
    finally:
        window.close()
    return measured


def _paint_s(view: MapView, to: View) -> float:
    """Return the seconds that it takes to show another part of the map."""
    view.set_view(to)
    start = time.perf_counter()
    view.repaint()
    return time.perf_counter() - start


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    measured = measure(max(given.frames, 1))
    print(f"map ready after {measured['ready_ms']:.0f} ms, {'with' if measured['real'] else 'without'} real pictures")
    for row in measured["rows"]:
        (pan, pan95), (zoom, zoom95) = row["pan_ms"], row["zoom_ms"]
        print(
            f"zoom {row['zoom']:>4g}: panning {pan:.1f} ms (p95 {pan95:.1f}), zooming {zoom:.1f} ms (p95 {zoom95:.1f})"
        )
    if given.json:
        write_json(given.json, measured)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.map", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=60, help="for each zoom; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
