"""Copies the picture to the clipboard."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from export.runtime.generator import Generator
from viewer.core.files.saving import Subject, copied
from viewer.core.scene.messages import Answer
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

    def copy(self) -> None:
        """Copy what is shown now."""
        if self._player.model is not None:
            subject = Subject(self._player.model, self._player.state, self._player.directions)

            def make(generator: Generator) -> tuple[bytes, QImage]:
                content = copied(generator, subject)
                return content, QImage.fromData(content)

            self._player.ask(NAME, make)

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == NAME:
            content, image = answer.value
            mime = QMimeData()
            mime.setImageData(image)
            mime.setData("image/png", content)
            QGuiApplication.clipboard().setMimeData(mime)
            self.notified.emit("Copied the picture and its recipe.")
