"""A small picture of what would be exported, which moves if that does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QLabel

from viewer.core.picture.look import Rgb32
from viewer.ui import theme
from viewer.ui.widgets.qimage import image_of

SIDE = 18 * theme.SPACE
"""Height in pixels."""
FRAME_MS = 120


class Preview(QLabel):
    """Shows pictures one after the other while it is visible."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(SIDE)
        self.pictures: list[QPixmap] = []
        self._place = 0
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._step)

    def show_pictures(self, pictures: Sequence[Rgb32]) -> None:
        """Show other pictures."""
        smaller, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmaps = (QPixmap.fromImage(image_of(picture)) for picture in pictures)
        self.pictures = [pixmap.scaled(2 * SIDE, SIDE, smaller, smooth) for pixmap in pixmaps]
        self._place = -1
        self._step()

    def _step(self) -> None:
        if self.pictures:
            self._place = (self._place + 1) % len(self.pictures)
            self.setPixmap(self.pictures[self._place])

    def showEvent(self, event: QShowEvent) -> None:
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)
