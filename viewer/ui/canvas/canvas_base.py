"""A widget that paints one picture, which can be zoomed and panned."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.picture.fit import WHOLE, Box, View, fit
from viewer.core.scene.messages import Frame
from viewer.ui import theme
from viewer.ui.canvas.keys import PAN_STEP, ZOOM_STEP
from viewer.ui.canvas.marks import CAPTION_HEIGHT, paint_focus_ring
from viewer.ui.widgets.qimage import image_of

MARGIN = 3 * theme.SPACE
BY_TAB = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
NOTCH = 120
"""Qt's unit for one step of a mouse wheel."""


class CanvasBase(QWidget):
    """Paints a frame as large as fits, or enlarged. Zooming and panning need no new frame."""

    view_changed = Signal(object)
    """The View, after zooming or panning."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.frame: Frame | None = None
        """The frame that is painted. It keeps the array alive that the image wraps."""
        self.view = WHOLE
        self._image: QImage | None = None
        self._panned_from: QPointF | None = None
        self._inviting = False
        self._ringed = False  # whether the focus came by key, and so needs a ring
        self._invitation = ""

    def sizeHint(self) -> QSize:
        return QSize(720, 720)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)  # two of them fit beside each other on a small screen

    def show_frame(self, frame: Frame) -> None:
        """Paint a frame from now on."""
        self._image = image_of(frame.picture)
        self.frame = frame
        self.update()

    def clear(self, invitation: str) -> None:
        """Show no picture, but a text that says how to get one."""
        self.frame = self._image = None
        self.set_invitation(invitation)

    def invite(self, inviting: bool) -> None:
        """Start or stop showing that a file can be dropped."""
        self._inviting = inviting
        self.update()

    def set_invitation(self, text: str) -> None:
        """Change the text that is shown while there is no picture."""
        self._invitation = text
        self.update()

    def zoom(self, by: float, place: QPointF | None = None) -> None:
        """Zoom in (by > 1) or out. The point `place` of the widget stays where it is; None is the middle."""
        if self.frame is None:
            return
        box, ratio = self.box(), self.devicePixelRatioF()
        middle = QPointF(self.rect().center()) if place is None else place
        x, y = (middle.x() * ratio - box.left) / box.width, (middle.y() * ratio - box.top) / box.height
        self.set_view(self.view.zoomed(by, min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)))

    def pan(self, across: float, down: float) -> None:
        """Move the view to the right and down, in parts of what is visible."""
        self.set_view(self.view.panned(across / self.view.zoom, down / self.view.zoom))

    def set_view(self, view: View) -> None:
        """Zoom and pan to a view."""
        if view != self.view:
            self.view = view
            self.update()
            self.view_changed.emit(view)

    def box(self) -> Box:
        """Return where the picture is, in whole device pixels: between two of them it would be blurred."""
        assert self._image is not None
        assert self.frame is not None
        ratio = self.devicePixelRatioF()
        room = picture_room(self.rect())
        left, top, width, height = (round(one * ratio) for one in (room.x(), room.y(), room.width(), room.height()))
        whole = self.frame.look.squares
        box = fit(self._image.width(), self._image.height(), width, height, whole=whole, view=self.view)
        return Box(box.left + left, box.top + top, box.width, box.height)

    def paintEvent(self, _event: QPaintEvent) -> None:
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
            room = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._invitation)
        if self._inviting:
            self._paint_invitation(painter)
        if self._ringed and self.hasFocus():
            paint_focus_ring(painter, self.rect())

    def paint_marks(self, painter: QPainter) -> None:
        """Paint over the picture; subclasses override this."""

    def _paint_invitation(self, painter: QPainter) -> None:
        veil = QColor(theme.CANVAS)
        veil.setAlpha(235)
        painter.fillRect(self.rect(), veil)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.ACCENT, 2, Qt.PenStyle.DashLine))
        inset = theme.SPACE * 1.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 12, 12)
        font = painter.font()
        font.setPixelSize(theme.px(18))
        painter.setFont(font)
        room = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, "Drop to open, with Shift to compare")

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ringed = event.reason() in BY_TAB
        super().focusInEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM_STEP ** (turned.y() / NOTCH), event.position())
        elif self.view != WHOLE:
            self.pan(-PAN_STEP * turned.x() / NOTCH, -PAN_STEP * turned.y() / NOTCH)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None and self.frame is not None:
            moved, box, ratio = self._panned_from - event.position(), self.box(), self.devicePixelRatioF()
            self._panned_from = event.position()
            self.set_view(self.view.panned(moved.x() * ratio / box.width, moved.y() * ratio / box.height))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = None
            self.unsetCursor()


def picture_room(area: QRect) -> QRect:
    """Return the part of a canvas that a picture may cover, which leaves room for the caption below it."""
    return area.adjusted(MARGIN, MARGIN, -MARGIN, -max(MARGIN, theme.px(CAPTION_HEIGHT) + theme.SPACE // 2))
