"""Copies the picture to the clipboard."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from export.runtime.generator import Generator
from viewer.core.files.favourites import alone
from viewer.core.files.saving import Subject, copied
from viewer.core.scene.messages import Answer
from viewer.core.state.samples import Sample
from viewer.engine.player import Player

NAME = "copy"


class Copier(QObject):
    """Copies the picture as an image and as a PNG file that contains its recipe."""

    notified = Signal(str)
    """A message."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._player = player
        player.answered.connect(self._on_answered)

    def copy(self, sample: Sample | None = None) -> None:
        """Copy what is shown now, or a single sample."""
        if self._player.model is not None:
            state = self._player.state if sample is None else alone(self._player.state, sample)
            subject = Subject(self._player.model, state, self._player.directions)
            what = "picture" if sample is None else "cell"

            def make(generator: Generator) -> tuple[str, bytes, QImage]:
                content = copied(generator, subject)
                return what, content, QImage.fromData(content)

            self._player.ask(NAME, make)

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == NAME:
            what, content, image = answer.value
            mime = QMimeData()
            mime.setImageData(image)
            mime.setData("image/png", content)
            QGuiApplication.clipboard().setMimeData(mime)
            self.notified.emit(f"Copied the {what} and its recipe.")
