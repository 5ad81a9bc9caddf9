"""Opens the export sheet for what the window shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from export.datasets.sampling import SampleRequest
from viewer.core.files.dataset_size import SAMPLE, bytes_per_image
from viewer.core.files.formats import FORMATS
from viewer.core.files.saving import ExportSpec, Subject, previewed, save_film
from viewer.core.run.stages import Stage
from viewer.core.scene.messages import Answer
from viewer.engine.finder import Finder
from viewer.engine.player import Player
from viewer.ui.bars.task import TaskToast
from viewer.ui.canvas.canvas import Canvas

if TYPE_CHECKING:
    from viewer.ui.export.sheet import ExportSheet

PREVIEW, SIZES = "export preview", "export sizes"


class Exporter(QObject):
    """Hands what is shown to the export sheet, and what the sheet or a film needs to the task toast."""

    def __init__(self, window: QWidget, player: Player, finder: Finder, canvas: Canvas, task: TaskToast) -> None:
        super().__init__(window)
        self.sheet: ExportSheet | None = None
        """The dialog, once it has been opened."""
        self._window = window
        self._player = player
        self._finder = finder
        self._canvas = canvas
        self._task = task
        player.answered.connect(self._on_answered)

    def open_sheet(self) -> None:
        """Open the export sheet; without a generator nothing happens."""
        from viewer.ui.export.sheet import ExportSheet  # not needed for the first frame

        model, found = self._player.model, self._finder.directions
        if model is None:
            return
        if self.sheet is None:
            self.sheet = ExportSheet(self._window)
            self.sheet.export_requested.connect(self._task.run)
            self.sheet.preview_wanted.connect(self._preview)
        subject = Subject(model, self._player.state, self._player.directions)
        self.sheet.show_subject(subject, found, self._canvas.current)
        state = subject.state
        request = SampleRequest(SAMPLE, state.seed, state.digits, state.truncation)
        self._player.ask(SIZES, lambda generator: bytes_per_image(generator, request))
        self.sheet.open()

    def save_film(self, stages: tuple[Stage, ...]) -> None:
        """Ask for a file, and save what is shown at each stage of a training as an animation."""
        model = self._player.model
        if model is None:
            return
        offered = {name: each for name, each in FORMATS.items() if each.animated and each.available}
        kinds = ";;".join(f"{each.title} animations (*{each.suffix})" for each in offered.values())
        chosen, kind = QFileDialog.getSaveFileName(self._window, "Save the training as a film", "training.gif", kinds)
        if not chosen:
            return
        path = Path(chosen)
        form = next(
            (name for name, each in offered.items() if path.suffix.lower() in each.suffixes),
            next((name for name, each in offered.items() if kind.startswith(f"{each.title} ")), "gif"),
        )
        if path.suffix.lower() not in offered[form].suffixes:
            path = path.with_name(path.name + offered[form].suffix)
        subject = Subject(model, self._player.state, self._player.directions)
        files = [stage.path for stage in stages]
        self._task.run(path.name, lambda report: f"Saved {save_film(subject, files, form, path, report)}.")

    def _preview(self, subject: Subject, spec: ExportSpec) -> None:
        self._player.ask(PREVIEW, lambda generator: previewed(generator, subject, spec))

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == PREVIEW and self.sheet is not None:
            self.sheet.preview.show_pictures(answer.value)
        elif answer.name == SIZES and self.sheet is not None:
            self.sheet.dataset.show_sizes(answer.value)
