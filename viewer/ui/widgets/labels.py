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
    """A muted line of text, elided in the middle where it does not fit."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.MUTED)
        if self.width() < LEAST_CHARACTERS * self.fontMetrics().averageCharWidth():
            return
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), self.alignment(), text)
