"""Lines of text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from viewer.ui import theme

LEAST_CHARACTERS = 8
"""Where an elided line has room for fewer, it shows nothing instead of a remainder that says nothing."""


def label(text: str, role: str) -> QLabel:
    """Return a label of plain text in one of the style sheet's roles, such as "title", "value" or "muted"."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)  # texts from outside are not markup
    result.setProperty("role", role)
    return result


class ElidedLabel(QLabel):
    """A muted line of text, shortened or elided in the middle where it does not fit, or shown only whole."""

    def __init__(self, text: str = "", *, only_whole: bool = False) -> None:
        """only_whole: show nothing where the text does not fit, because a part of it would say nothing."""
        super().__init__(text)
        self._only_whole = only_whole
        self._shorter: tuple[str, ...] = ()
        self.setProperty("role", "muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str, shorter: tuple[str, ...] = ()) -> None:
        """Change the text. shorter: what to show of it where it does not fit, each shorter than the one before."""
        self._shorter = shorter
        self.setText(text)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.MUTED)
        painter.drawText(self.rect(), self.alignment(), self.shown_text())

    def shown_text(self) -> str:
        """Return what of the text is shown."""
        metrics, room = self.fontMetrics(), self.width()
        for text in (self.text(), *self._shorter):
            if metrics.horizontalAdvance(text) <= room:
                return text
        if self._only_whole or room < LEAST_CHARACTERS * metrics.averageCharWidth():
            return ""
        return metrics.elidedText((self.text(), *self._shorter)[-1], Qt.TextElideMode.ElideMiddle, room)
