"""Pictures of the window for the docs, in every mode, dark and light: `python -m tools.screenshots [--out DIR]`."""

from __future__ import annotations

import argparse
import os
import shutil
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
from digitforge.errors import exit_status
from digitforge.files import atomic_file
from tools.stages import write_run
from viewer.core.state.samples import of_class
from viewer.engine.player import Player
from viewer.ui.window import Window

OUT = Path("docs/images/viewer")
SMALL, USUAL = (900, 640), (1180, 820)
LONGEST_WAIT_MS = 20_000
SETTLE_MS = 300
"""Until thumbnails and predictions are there."""


class Camera:
    """A window, used from outside."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.window = Window(Player("cpu"), remember=False)
        self.window.resize(*USUAL)
        self.window.show()
        self.open(BUNDLED_MODEL)

    def open(self, path: Path) -> None:
        """Open a file or a run, and wait for its first frame."""
        loop = QEventLoop()
        self.window.player.frame_ready.connect(loop.quit)
        QTimer.singleShot(LONGEST_WAIT_MS, loop.quit)
        self.window.open(path)
        loop.exec()
        self.window.player.frame_ready.disconnect(loop.quit)

    def settle(self, milliseconds: int = SETTLE_MS) -> None:
        """Let everything arrive that is under way."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Write a picture of the window, or of another widget."""
        self.settle()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        (widget or self.window).grab().save(buffer, "PNG")
        image = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
        with atomic_file(self.out / f"{name}.png") as temporary:
            image.save(temporary, "PNG", optimize=True)

    def take_dialog(self, name: str) -> None:
        """Write a picture of the dialog that is open, and close it."""
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        self.take(name, dialog)
        dialog.close()

    def modes(self, theme: str) -> None:
        """Every mode with something in it."""
        window, player = self.window, self.window.player
        window.settings.change(theme=theme)
        keys = tuple(of_class(place + 1, place, place) for place in (2, 0, 7, 5, 9, 4))
        state = replace(player.state, timeline=replace(player.state.timeline, keyframes=keys))
        state = state.with_pad(state.pad.with_corners(keys[:4]))
        for mode, position in (("grid", 0.0), ("path", 2.45), ("pad", 0.0), ("number", 0.0)):
            player.apply(replace(state.with_mode(mode), position=position))
            self._large_and_small(f"{mode}-{theme}")
        player.apply(state)

    def dialogs(self, theme: str) -> None:
        """What opens over the window."""
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
        """Folded cards, open; the hint; a message."""
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
        window.message.hide()
        window.player.apply(window.player.state.with_seed(0).with_digits(()))
        window.side.verticalScrollBar().setValue(0)

    def watching(self, theme: str, run: Path) -> None:
        """A training, gone back to an earlier stage."""
        self.window.settings.change(theme=theme)
        self.open(run)
        self.window.watch.slider.setValue(3)
        self._large_and_small(f"watch-{theme}")
        self.open(BUNDLED_MODEL)

    def comparing(self, theme: str, other: Path) -> None:
        """The bundled generator beside another one, and their difference."""
        player = self.window.player
        self.window.settings.change(theme=theme)
        self.window.open_beside(other)
        self.settle()
        player.apply(player.state.with_cells(16))
        self._large_and_small(f"compare-{theme}")
        player.apply(player.state.with_compare_view("signed"))
        self.take(f"difference-{theme}")
        player.apply(player.state.with_compare_view("pictures").with_cells(64))
        player.compare(None)
        self.settle()

    def _large_and_small(self, name: str, card: QWidget | None = None) -> None:
        """Pictures on both screens, of a card that may have to be scrolled to."""
        for size, prefix in ((USUAL, ""), (SMALL, "small-")):
            self.window.resize(*size)
            self.settle()
            if card is not None:
                self.window.side.ensureWidgetVisible(card)
            self.take(prefix + name)
        self.window.resize(*USUAL)


def photograph(out: Path, run: Path) -> None:
    """Write all pictures. run: where the run that is watched is made."""
    QStandardPaths.setTestModeEnabled(True)
    application = QApplication.instance() or QApplication(["digitforge"])
    kept = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    shutil.rmtree(kept, ignore_errors=True)  # of the test mode
    stages = write_run(run)
    camera = Camera(out)
    steps: dict[str, Callable[[], None]] = {
        "modes, dark": lambda: camera.modes("dark"),
        "modes, light": lambda: camera.modes("light"),
        "dialogs, light": lambda: camera.dialogs("light"),
        "dialogs, dark": lambda: camera.dialogs("dark"),
        "panels, dark": lambda: camera.panels("dark"),
        "panels, light": lambda: camera.panels("light"),
        "watching, dark": lambda: camera.watching("dark", run),
        "watching, light": lambda: camera.watching("light", run),
        "comparing, light": lambda: camera.comparing("light", stages[3]),
        "comparing, dark": lambda: camera.comparing("dark", stages[3]),
    }
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(steps))
        for name, step in steps.items():
            progress.update(task, description=name)
            step()
            progress.advance(task)
    camera.window.close()
    application.processEvents()


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return exit_status(lambda: photograph(given.out, Path(folder) / "runs" / "mnist"))


if __name__ == "__main__":
    sys.exit(main())
