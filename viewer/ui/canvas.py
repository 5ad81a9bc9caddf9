"""Paints the grid."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.fit import fit
from viewer.core.frames import Frame
from viewer.ui import theme

MARGIN = 3 * theme.SPACE


class Canvas(QWidget):
    """Shows the newest frame, as large as it fits; draws only when it gets another one."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Generated pictures")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._frame: Frame | None = None  # keeps the array alive that the image looks at
        self._image: QImage | None = None
        self._smooth = True
        self._inviting = False
        self._invitation = ""

    def sizeHint(self) -> QSize:
        """A comfortable size for a first look."""
        return QSize(720, 720)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(320, 320)

    def show_frame(self, frame: Frame) -> None:
        """Paint `frame` from now on."""
        picture = frame.picture
        self._image = QImage(
            picture.data.cast("B"),
            picture.shape[1],
            picture.shape[0],
            picture.strides[0],  # without it Qt assumes lines of its own length
            QImage.Format.Format_RGB32,
        )
        self._frame = frame
        self.update()

    def clear(self, invitation: str) -> None:
        """Show no picture, but what to do to get one."""
        self._frame = self._image = None
        self.set_invitation(invitation)

    def set_smooth(self, smooth: bool) -> None:
        """Soften enlarged pixels, or show each as a square of one size."""
        self._smooth = smooth
        self.update()

    def invite(self, inviting: bool) -> None:
        """Show, or no longer show, that what hangs at the pointer may be dropped."""
        self._inviting = inviting
        self.update()

    def set_invitation(self, text: str) -> None:
        """What stands here while there is no picture."""
        self._invitation = text
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint everything: it is one image."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.CANVAS)
        if self._image is not None:
            # Whole device pixels: a picture between two of them would be blurred once more.
            ratio = self.devicePixelRatioF()
            width, height = round((self.width() - 2 * MARGIN) * ratio), round((self.height() - 2 * MARGIN) * ratio)
            box = fit(self._image.width(), self._image.height(), width, height, whole=not self._smooth)
            left, top = MARGIN + box.left / ratio, MARGIN + box.top / ratio
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
            painter.drawImage(QRectF(left, top, box.width / ratio, box.height / ratio), self._image)
        elif self._invitation:
            painter.setPen(theme.MUTED)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._invitation)
        if self._inviting:
            self._paint_invitation(painter)

    def _paint_invitation(self, painter: QPainter) -> None:
        veil = QColor(theme.CANVAS)
        veil.setAlpha(235)
        painter.fillRect(self.rect(), veil)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.ACCENT, 2, Qt.PenStyle.DashLine))
        inset = theme.SPACE * 1.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 12, 12)
        font = painter.font()
        font.setPixelSize(18)
        painter.setFont(font)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop to open this generator")
