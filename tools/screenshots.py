"""Take the docs' pictures of the window: `python -m tools.screenshots [--run RUN_DIR] [--all] [--out DIR]`.

The window is drawn offscreen. Only the pictures that a page shows are written; with `--all`, those of every mode, dark
and light, in a large and a small window. The pictures of a watched training show a run with
exported stages: that of `--run`, or a short training of the quickstart preset on MNIST, which takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

from PIL import Image
from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from rich.console import Console
from rich.progress import Progress

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import RunError, exit_status
from digitforge.files import atomic_file, write_json
from trainer.command_line import launcher
from viewer.core.run.stages import CONFIG_FILE, stages_of
from viewer.core.state.drawing import Drawing, stroke_of
from viewer.core.state.samples import of_class
from viewer.engine.player import Player
from viewer.ui.window import Window

OUT = Path("docs/images/viewer")
SMALL, USUAL = (900, 640), (1180, 820)
LONGEST_WAIT_MS = 60_000
SETTLE_MS = 300
"""Time for thumbnails and predictions to arrive."""
TRAINING = (
    "--preset", "quickstart", "--dataset", "mnist", "--images", "100000", "--export-every", "10000",
    "--score-every", "20000", "--score-count", "2000",
)  # fmt: skip
DRAWN = (
    ((0.70, 0.18, 1.0), (0.42, 0.19, 1.0), (0.38, 0.30, 1.0), (0.36, 0.44, 1.0), (0.48, 0.41, 1.0), (0.62, 0.47, 1.0),
     (0.66, 0.62, 1.0), (0.57, 0.77, 1.0), (0.42, 0.80, 1.0), (0.31, 0.74, 1.0)),
)  # fmt: skip
"""The strokes of a five: x, y and pressure of each point."""
MAPPED = 17
"""The sample of the map that is compared with real pictures."""
PAINTED = ((0.3, 0.75, 1.0), (0.7, 0.75, 1.0))
"""The stroke that is painted on a zero."""
EARLIER = 0.2
"""The share of the stages before the one that the pictures go back to."""


class Camera:
    """A window, and the folder for its pictures."""

    def __init__(self, out: Path, names: frozenset[str] | None) -> None:
        """names: of the pictures to write; None for all."""
        self.out = out
        self.names = names
        self.window = Window(Player("cpu"), remember=False)
        self.window.resize(*USUAL)
        self.window.show()
        self.open(BUNDLED_MODEL)

    def open(self, path: Path) -> None:
        """Open a file or a run and wait for its first frame."""
        loop = QEventLoop()
        self.window.player.frame_ready.connect(loop.quit)
        QTimer.singleShot(LONGEST_WAIT_MS, loop.quit)
        self.window.open(path)
        loop.exec()
        self.window.player.frame_ready.disconnect(loop.quit)

    def settle(self, milliseconds: int = SETTLE_MS) -> None:
        """Run the event loop for a while, so that pending work finishes."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Write a picture of the window or of `widget`, if its name is wanted."""
        if self.names is not None and name not in self.names:
            return
        self.settle()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        (widget or self.window).grab().save(buffer, "PNG")
        image = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
        with atomic_file(self.out / f"{name}.png") as temporary:
            image.save(temporary, "PNG", optimize=True)

    def take_dialog(self, name: str) -> None:
        """Write a picture of the open dialog and close it."""
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        self.take(name, dialog)
        dialog.close()

    def modes(self, theme: str) -> None:
        """Take every mode with a timeline and four corners filled in."""
        window, player = self.window, self.window.player
        window.settings.change(theme=theme)
        keys = tuple(of_class(place + 1, place, place) for place in (2, 0, 7, 5, 9, 4))
        state = replace(player.state, timeline=replace(player.state.timeline, keyframes=keys))
        state = state.with_pad(state.pad.with_corners(keys[:4]))
        for mode, position in (("grid", 0.0), ("path", 2.45), ("pad", 0.0), ("number", 0.0)):
            player.apply(replace(state.with_mode(mode), position=position))
            self._large_and_small(f"{mode}-{theme}")
        player.apply(state)

    def drawing(self, theme: str) -> None:
        """Take a drawn digit and its answer."""
        player = self.window.player
        self.window.settings.change(theme=theme)
        before = player.state
        drawing = Drawing(tuple(stroke_of(points, thickness=0.08) for points in DRAWN))
        player.apply(before.with_mode("draw").with_drawing(replace(drawing, settled=False)))
        self._wait(lambda: player.state.drawing.settled)
        self._large_and_small(f"draw-{theme}")
        player.apply(before)

    def hand(self, theme: str) -> None:
        """Take a number in the hand of two samples that look written by one person."""
        player = self.window.player
        self.window.settings.change(theme=theme)
        before = player.state
        state = before.with_mode("number")
        for label in (2, 6):
            state = state.with_drawn(of_class(11, 0, label))
        player.apply(state)
        self._large_and_small(f"hand-{theme}")
        player.apply(before)

    def mapping(self, theme: str) -> None:
        """Take the map, and the real pictures nearest to one of its samples, where MNIST is on the disk."""
        window, player = self.window, self.window.player
        window.settings.change(theme=theme)
        before = player.state
        player.apply(before.with_mode("map"))
        self._wait(lambda: window.mapping.view.map is not None)
        self._large_and_small(f"map-{theme}")
        view = window.mapping.view
        if view.map is not None:
            view.opened.emit(view.map.samples[MAPPED])
            self.settle()
            window.inspector.view.real.click()
            self._wait(lambda: (dialog := window.mapping.nearest) is not None and dialog.progress.isHidden())
            self.take_dialog(f"nearest-{theme}")
            window.inspector.view.close_cell()
        player.apply(before)

    def _wait(self, done: Callable[[], bool]) -> None:
        for _ in range(LONGEST_WAIT_MS // SETTLE_MS):
            if done():
                break
            self.settle()

    def shaping(self, theme: str) -> None:
        """Take a picture that is being shaped, and the neighbourhood of one."""
        window = self.window
        window.settings.change(theme=theme)
        before = window.player.state
        window.player.apply(before.with_mode("grid").with_seed(0))
        self.settle()
        window.canvas.hold(0)
        window.shaper.begin()
        self.settle()
        stroke = stroke_of(PAINTED, thickness=0.08)
        window.editor.edit("clay", lambda state: state.with_clay(state.clay.with_stroke(stroke)))
        self.settle(5 * SETTLE_MS)
        self._large_and_small(f"clay-{theme}")
        window.shaper.leave()
        window.player.apply(before.with_mode("grid").with_seed(0))
        self.settle()
        window.canvas.hold(12)
        window.explorer.explore()
        self.settle(3 * SETTLE_MS)
        self._large_and_small(f"near-{theme}")
        window.player.apply(before)

    def dialogs(self, theme: str) -> None:
        """Take the dialogs."""
        menu = self.window.menu
        self.window.settings.change(theme=theme)
        for name, show in (
            ("keyboard", menu.show_keys),
            ("about", menu.show_about),
            ("settings", menu.show_settings),
        ):
            show()
            self.take_dialog(f"{name}-{theme}")
            self.settle(0)
        self.window.exporter.open_sheet()
        self.take_dialog(f"export-{theme}")

    def panels(self, theme: str) -> None:
        """Take the folded cards when they are open, the hint, and a message."""
        window = self.window
        window.settings.change(theme=theme)
        window.directions.toggle.setChecked(True)
        self.settle(6000)
        self._large_and_small(f"directions-{theme}", window.directions)
        window.directions.toggle.setChecked(False)
        for seed in (7, 21, 42):
            window.player.apply(window.player.state.with_seed(seed).with_digits((seed % 10,)))
            window.favourites.keep()
            self.settle()
        window.message.offer.click()
        self._large_and_small(f"favourites-{theme}", window.favourites)
        window.favourites.toggle.setChecked(False)
        window.hint.show()
        window.message.show_error(
            "CUDA was requested, but it cannot run. There is no usable NVIDIA GPU.",
            ("Show why", window.menu.show_doctor),
        )
        self._large_and_small(f"message-{theme}")
        window.hint.hide()
        window.message.dismiss()
        window.player.apply(window.player.state.with_seed(0).with_digits(()))
        window.side.verticalScrollBar().setValue(0)

    def watching(self, theme: str, run: Path) -> None:
        """Take a watched training at an earlier stage."""
        self.window.settings.change(theme=theme)
        self.open(run)
        self.window.watch.slider.setValue(round(EARLIER * len(stages_of(run))))
        self._large_and_small(f"watch-{theme}")
        self.open(BUNDLED_MODEL)

    def comparing(self, theme: str, run: Path) -> None:
        """Take the newest stage of a training beside an earlier one, and their difference."""
        player = self.window.player
        self.window.settings.change(theme=theme)
        self.open(run)
        self.window.open_beside(stages_of(run)[round(EARLIER * len(stages_of(run)))].path)
        self.settle()
        player.apply(player.state.with_cells(16))
        self._large_and_small(f"compare-{theme}")
        player.apply(player.state.with_compare_view("signed"))
        self.take(f"difference-{theme}")
        player.apply(player.state.with_compare_view("pictures").with_cells(64))
        player.compare(None)
        self.settle()
        self.open(BUNDLED_MODEL)

    def _large_and_small(self, name: str, card: QWidget | None = None) -> None:
        """Take the window in both sizes, scrolled to `card`."""
        for size, prefix in ((USUAL, ""), (SMALL, "small-")):
            self.window.resize(*size)
            self.settle()
            if card is not None:
                self.window.side.ensureWidgetVisible(card)
            self.take(prefix + name)
        self.window.resize(*USUAL)


def train(run: Path) -> None:
    """Train for the pictures of a watched training. Raises RunError if that fails."""
    if subprocess.run([*launcher(), *TRAINING, "--run-dir", str(run)], check=False).returncode:
        raise RunError("The training for the pictures failed. Name a finished run with --run.")


def shown_on_pages() -> frozenset[str]:
    """Return the names of the pictures that the pages show."""
    pages = (path.read_text() for path in (Path("README.md"), *Path("docs").glob("*.md")))
    return frozenset(name for text in pages for name in re.findall(r"images/viewer/([\w-]+)\.png", text))


def photograph(out: Path, run: Path, names: frozenset[str] | None) -> None:
    """Write pictures to the folder `out`. run: a run directory with at least two exported stages; names: see Camera."""
    QStandardPaths.setTestModeEnabled(True)
    application = QApplication.instance() or QApplication(["digitforge"])
    kept = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    shutil.rmtree(kept, ignore_errors=True)  # the test mode's own folder
    camera = Camera(out, names)
    steps: dict[str, Callable[[], None]] = {
        "modes, dark": lambda: camera.modes("dark"),
        "modes, light": lambda: camera.modes("light"),
        "drawing, dark": lambda: camera.drawing("dark"),
        "drawing, light": lambda: camera.drawing("light"),
        "hand, light": lambda: camera.hand("light"),
        "map, dark": lambda: camera.mapping("dark"),
        "map, light": lambda: camera.mapping("light"),
        "shaping, dark": lambda: camera.shaping("dark"),
        "shaping, light": lambda: camera.shaping("light"),
        "dialogs, light": lambda: camera.dialogs("light"),
        "dialogs, dark": lambda: camera.dialogs("dark"),
        "panels, dark": lambda: camera.panels("dark"),
        "panels, light": lambda: camera.panels("light"),
        "watching, dark": lambda: camera.watching("dark", run),
        "watching, light": lambda: camera.watching("light", run),
        "comparing, light": lambda: camera.comparing("light", run),
        "comparing, dark": lambda: camera.comparing("dark", run),
    }
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(steps))
        for name, step in steps.items():
            progress.update(task, description=name)
            step()
            progress.advance(task)
    camera.window.close()
    application.processEvents()


def command(given: argparse.Namespace) -> None:
    """Train unless a run is given, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        run = given.run or Path(folder) / "runs" / "quickstart"
        if given.run is None:
            train(run)
        if len(stages_of(run)) < 2:
            raise RunError(f"{run} has no exported stages: train with --export-every.")
        photograph(given.out, run, None if given.all else shown_on_pages())
        pictures = sorted(path.name for path in given.out.glob("*.png"))
        if given.json:
            config = json.loads((run / CONFIG_FILE).read_text())["config"]
            write_json(given.json, {"pictures": pictures, "run": config})
    print(f"{len(pictures)} pictures in {given.out}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.screenshots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, metavar="RUN_DIR", help="a run with exported stages; default: train one")
    parser.add_argument("--all", action="store_true", help="write every picture, also those that no page shows")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="for the pictures; default: %(default)s")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the pictures' names and the run's config there"
    )
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
