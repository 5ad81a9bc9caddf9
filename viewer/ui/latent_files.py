"""Opens and saves files of latents."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from digitforge.errors import DigitforgeError
from digitforge.files import write_bytes
from export.contract import GeneratorInfo
from export.datasets.latents_file import archive, read_latents
from export.datasets.sampling import GivenLatents
from viewer.core.files import Report
from viewer.core.state.samples import Sample, held_sample
from viewer.core.state.view_state import ViewState, cells_limit
from viewer.engine.background import Background
from viewer.engine.player import Player
from viewer.ui.editor import Editor

LATENTS = "Latents (*.npz)"


class LatentFiles(QObject):
    """Shows the latents of a file as locked cells of the grid, and writes those that are shown."""

    notified = Signal(str)
    """A message."""
    failed = Signal(str)
    """An error message. Nothing has changed."""

    def __init__(self, window: QWidget, player: Player, editor: Editor) -> None:
        super().__init__(window)
        self._window = window
        self._player = player
        self._editor = editor
        self._background: Background | None = None

    def open(self, path: Path) -> None:
        """Read a file in the background, and show its latents."""
        model = self._player.model
        if model is None:
            self.failed.emit("Open a generator first: a file of latents belongs to one.")
            return
        info = model.info

        def read(_report: Report) -> tuple[GeneratorInfo, GivenLatents]:
            return info, read_latents(path, info)

        self.close_down()
        self._background = Background(read, "latents")
        self._background.succeeded.connect(self._on_read)
        self._background.failed.connect(self.failed)
        self._background.start()

    def close_down(self) -> None:
        """Stop reading, and wait until the thread has ended."""
        if self._background is not None:
            self._background.succeeded.disconnect(self._on_read)
            self._background.cancel()
            self._background.wait()
            self._background = None

    def _on_read(self, found: tuple[GeneratorInfo, GivenLatents]) -> None:
        info, given = found
        model = self._player.model
        if model is None or model.info != info:  # another generator was opened meanwhile
            return
        count = len(given.latents)
        samples = samples_of(given, cells_limit(info))
        self._editor.edit("latents", partial(_showing, samples=samples))
        some = f"the first {len(samples)} of " if len(samples) < count else ""
        self.notified.emit(f"{given.name}: the grid shows {some}{count:,} latent{'' if count == 1 else 's'}.")

    def save(self) -> None:
        """Ask for a file, and write the locked cells, or else all that is shown."""
        frame, model, state = self._player.frame, self._player.model, self._player.state
        if frame is None or model is None or frame.generation != model.generation or self._player.empty:
            self.failed.emit("There is nothing to show yet, and so nothing to save.")
            return
        scene = frame.scene
        rows = [cell for cell, _ in state.locks if cell < len(scene.z)] if state.mode == "grid" else []
        rows = rows or list(range(len(scene.z)))
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save latents", "latents.npz", LATENTS)
        if not chosen:
            return
        path = Path(chosen) if chosen.endswith(".npz") else Path(f"{chosen}.npz")
        try:
            write_bytes(path, archive(scene.z[rows], None if scene.y is None else scene.y[rows]))
        except DigitforgeError as error:
            self.failed.emit(str(error))
            return
        self.notified.emit(f"Saved {len(rows)} latent{'' if len(rows) == 1 else 's'} in {path.name}.")


def samples_of(given: GivenLatents, most: int) -> tuple[Sample, ...]:
    """Return the first `most` latents of a file as samples."""
    name = "".join(one for one in given.name if one.isprintable())[:80]
    return tuple(
        held_sample(z, None if given.weights is None else given.weights[row], f"latent {row + 1} of {name}")
        for row, z in enumerate(given.latents[:most])
    )


def _showing(state: ViewState, samples: tuple[Sample, ...]) -> ViewState:
    """Return the grid of these samples alone. A file holds what the generator is given, so nothing is added to it."""
    plain = state.with_mode("grid").with_truncation(1.0).unmoved()
    return replace(plain, cells=len(samples), locks=tuple(enumerate(samples)))
