"""A picture that can be painted on, with a mouse, a pen or a finger."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPointingDevice, QTabletEvent

from viewer.core.draw.shape import blank
from viewer.core.draw.sheet import Pen
from viewer.core.state.drawing import START_THICKNESS, THICKNESS_RANGE
from viewer.ui.canvas.canvas_base import CanvasBase
from viewer.ui.canvas.keys import add_action

THICKER = 1.25
LEFT = Qt.MouseButton.LeftButton
RINGS = ((QColor(0, 0, 0, 200), 3.0), (QColor(255, 255, 255, 230), 1.25))
"""The outline of the brush, which can be seen on every picture."""


class PaintedPicture(CanvasBase):
    """Shows a picture, and the brush over it while it can be painted on. The strokes are reported, not painted."""

    began = Signal()
    """The brush was put down."""
    changed = Signal(object, bool)
    """What the stroke covers, float32 [SIDE, SIDE], whenever the brush has moved, and whether it is dark."""
    drawn = Signal(object)
    """The Stroke that was finished; an eraser paints dark."""
    tool_changed = Signal()
    """The user chose another thickness, or light or dark."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Picture to paint on")
        self.thickness = START_THICKNESS
        self.dark = False
        """Whether the brush paints pixels as dark as they are, and not as light."""
        self._painting = False
        self._pen: Pen | None = None
        self._dark_stroke = False
        self._pointer: QPointF | None = None
        own = Qt.ShortcutContext.WidgetShortcut
        add_action(self, "Paint light or dark", ("E",), own, lambda: self.choose(self.thickness, not self.dark))
        add_action(self, "Smaller brush", ("[",), own, lambda: self.choose(self.thickness / THICKER, self.dark))
        add_action(self, "Larger brush", ("]",), own, lambda: self.choose(self.thickness * THICKER, self.dark))

    @property
    def painting(self) -> bool:
        """Whether the picture can be painted on."""
        return self._painting

    @property
    def painting_now(self) -> bool:
        """Whether the brush is down."""
        return self._pen is not None

    def set_painting(self, painting: bool) -> None:
        """Let the picture be painted on, or not."""
        self.cancel()
        self._painting = painting
        self._pointer = None
        self.setMouseTracking(painting)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if painting else Qt.FocusPolicy.NoFocus)
        if painting:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()
        self.update()

    def choose(self, thickness: float, dark: bool) -> None:
        """Paint with another thickness, clamped to its range, and light or dark."""
        low, high = THICKNESS_RANGE
        self.thickness, self.dark = min(max(thickness, low), high), dark
        self.tool_changed.emit()
        self.update()

    def cancel(self) -> None:
        """Give the stroke up that is being painted."""
        self._pen = None

    def paint_marks(self, painter: QPainter) -> None:
        if not self._painting or self._pointer is None:
            return
        radius = max(self._sheet().width() * self.thickness / 2, 2.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in RINGS:
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(self._pointer, radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if self._painting and event.button() == LEFT:
            self._begin(event.position(), 1.0, self.dark)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._painting:
            self._point(event.position())
            if event.buttons() & LEFT:
                self._move(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._painting:
            self.setCursor(Qt.CursorShape.CrossCursor)
            if event.button() == LEFT:
                self._move(event.position(), 1.0)
                self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        if not self._painting:
            event.ignore()
            return
        kind = event.type()
        self._point(event.position())
        if kind == QEvent.Type.TabletPress and event.button() == LEFT:
            turned = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._begin(event.position(), event.pressure(), self.dark != turned)
        elif kind == QEvent.Type.TabletMove and self._pen is not None:
            self._move(event.position(), event.pressure())
        elif kind == QEvent.Type.TabletRelease:
            self._end()
        event.accept()

    def leaveEvent(self, _event: QEvent) -> None:
        self._pointer = None
        self.update()

    def hideEvent(self, _event: QEvent) -> None:
        self._end()

    def _point(self, place: QPointF) -> None:
        self._pointer = place
        self.update()

    def _sheet(self) -> QRectF:
        """Return where the sheet is, in logical pixels: a square over the picture's longer side."""
        if self.frame is None:
            return QRectF()
        box, ratio = self.box(), self.devicePixelRatioF()
        side = max(box.width, box.height) / ratio
        return QRectF(box.left / ratio, box.top / ratio, side, side)

    def _begin(self, place: QPointF, pressure: float, dark: bool) -> None:
        self._end()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.frame is None:
            return
        self._pen, self._dark_stroke = Pen(self.thickness), dark
        self.began.emit()
        self._move(place, pressure)

    def _move(self, place: QPointF, pressure: float) -> None:
        sheet = self._sheet()
        if self._pen is None or sheet.isEmpty():
            return
        x, y = (place.x() - sheet.left()) / sheet.width(), (place.y() - sheet.top()) / sheet.height()
        if self._pen.move(x, y, pressure):
            self.changed.emit(self._pen.over(blank()), self._dark_stroke)

    def _end(self) -> None:
        if self._pen is not None:
            stroke, self._pen = replace(self._pen.stroke(), eraser=self._dark_stroke), None
            self.drawn.emit(stroke)
