"""Paints one picture, as large as it fits or closer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.picture.fit import WHOLE, Box, View, fit
from viewer.core.scene.requests import Frame
from viewer.ui import theme
from viewer.ui.widgets.qimage import image_of

MARGIN = 3 * theme.SPACE
ZOOM_STEP = 1.25
PAN_STEP = 0.15
"""Of what is visible."""
NOTCH = 120
"""What Qt calls one step of a wheel."""


class CanvasBase(QWidget):
    """Shows the newest frame; draws only when there is something else to see. Zooming asks for no new frame."""

    view_changed = Signal(object)
    """View: it is looked at from closer, or elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.frame: Frame | None = None
        """What is painted; keeps the array alive that the image looks at."""
        self.view = WHOLE
        self._image: QImage | None = None
        self._panned_from: QPointF | None = None
        self._inviting = False
        self._invitation = ""

    def sizeHint(self) -> QSize:
        """A comfortable size for a first look."""
        return QSize(720, 720)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture; two of them fit beside each other on a small screen."""
        return QSize(240, 200)

    def show_frame(self, frame: Frame) -> None:
        """Paint `frame` from now on."""
        self._image = image_of(frame.picture)
        self.frame = frame
        self.update()

    def clear(self, invitation: str) -> None:
        """Show no picture, but what to do to get one."""
        self.frame = self._image = None
        self.set_invitation(invitation)

    def invite(self, inviting: bool) -> None:
        """Show, or no longer show, that what hangs at the pointer may be dropped."""
        self._inviting = inviting
        self.update()

    def set_invitation(self, text: str) -> None:
        """What stands here while there is no picture."""
        self._invitation = text
        self.update()

    def zoom(self, by: float, place: QPointF | None = None) -> None:
        """Look from closer (by > 1) or further away; `place` keeps what stands there, None is the middle."""
        if self.frame is None:
            return
        box, ratio = self.box(), self.devicePixelRatioF()
        middle = QPointF(self.rect().center()) if place is None else place
        x, y = (middle.x() * ratio - box.left) / box.width, (middle.y() * ratio - box.top) / box.height
        self.look(self.view.zoomed(by, min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)))

    def pan(self, across: float, down: float) -> None:
        """Look further to the right and down, in parts of what is visible."""
        self.look(self.view.panned(across / self.view.zoom, down / self.view.zoom))

    def look(self, view: View) -> None:
        """Look at the picture in this way."""
        if view != self.view:
            self.view = view
            self.update()
            self.view_changed.emit(view)

    def box(self) -> Box:
        """Where the picture stands, in device pixels: between two of them it would be blurred once more."""
        assert self._image is not None
        assert self.frame is not None
        ratio = self.devicePixelRatioF()
        inset = round(MARGIN * ratio)
        width, height = round(self.width() * ratio) - 2 * inset, round(self.height() * ratio) - 2 * inset
        whole = self.frame.look.squares
        box = fit(self._image.width(), self._image.height(), width, height, whole=whole, view=self.view)
        return Box(box.left + inset, box.top + inset, box.width, box.height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint everything: it is one image. Qt leaves out what did not change."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.CANVAS)
        if self._image is not None and self.frame is not None:
            box, ratio = self.box(), self.devicePixelRatioF()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self.frame.look.squares)
            place = QRectF(box.left / ratio, box.top / ratio, box.width / ratio, box.height / ratio)
            painter.drawImage(place, self._image)
            self.paint_marks(painter)
        elif self._invitation:
            painter.setPen(theme.MUTED)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._invitation)
        if self._inviting:
            self._paint_invitation(painter)

    def paint_marks(self, painter: QPainter) -> None:
        """Paint what stands over the picture."""

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
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop to open, with Shift to compare")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl: closer or further away. Without: along a picture that is larger than its place."""
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM_STEP ** (turned.y() / NOTCH), event.position())
        elif self.view != WHOLE:
            self.pan(-PAN_STEP * turned.x() / NOTCH, -PAN_STEP * turned.y() / NOTCH)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The middle button takes hold of the picture."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the picture along."""
        if self._panned_from is not None and self.frame is not None:
            moved, box, ratio = self._panned_from - event.position(), self.box(), self.devicePixelRatioF()
            self._panned_from = event.position()
            self.look(self.view.panned(moved.x() * ratio / box.width, moved.y() * ratio / box.height))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = None
            self.unsetCursor()
