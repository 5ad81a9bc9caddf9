"""Opens the export sheet for what the window shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from viewer.core.files.saving import ExportSpec, Subject, previewed
from viewer.core.scene.messages import Answer
from viewer.engine.finder import Finder
from viewer.engine.player import Player
from viewer.ui.bars.task import TaskToast
from viewer.ui.canvas.canvas import Canvas

if TYPE_CHECKING:
    from viewer.ui.export.sheet import ExportSheet

PREVIEW = "export preview"


class Exporter(QObject):
    """Hands what is shown to the export sheet, and what the sheet asks for to the task toast."""

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
        self.sheet.show_subject(subject, () if found is None else found.names, self._canvas.current)
        self.sheet.open()

    def _preview(self, subject: Subject, spec: ExportSpec) -> None:
        self._player.ask(PREVIEW, lambda generator: previewed(generator, subject, spec))

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == PREVIEW and self.sheet is not None:
            self.sheet.preview.show_pictures(answer.value)
