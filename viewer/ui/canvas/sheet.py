"""The sheet to draw on, with a mouse, a pen or a finger."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from export.runtime.arrays import Float32
from viewer.core.draw.sheet import SIDE, Pen, ink_of
from viewer.core.picture.look import PLAIN, Look, colour_table
from viewer.core.state.drawing import START_THICKNESS, THICKNESS_RANGE, Drawing
from viewer.ui import theme
from viewer.ui.canvas.canvas_base import picture_room
from viewer.ui.canvas.keys import add_action
from viewer.ui.widgets.qimage import image_of

THICKER = 1.25
HINT = "Draw a digit here,\nor drop a picture of one"
LEFT = Qt.MouseButton.LeftButton


class SheetView(QWidget):
    """Shows a drawing in the colours of the pictures, and the stroke that is being drawn."""

    began = Signal()
    """The pen was put down."""
    changed = Signal(object)
    """The ink on the sheet, float32 [SIDE, SIDE], whenever the pen has moved."""
    drawn = Signal(object)
    """The Stroke that was finished."""
    tool_changed = Signal()
    """The user chose another thickness, or the pen or the eraser."""
    clear_wanted = Signal()
    """The user wants an empty sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Sheet to draw on")
        self.setToolTip("")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.thickness = START_THICKNESS
        self.eraser = False
        self._drawing = Drawing()
        self._look = PLAIN
        self._light_paper = False
        self._pen: Pen | None = None
        self._picture = np.zeros((SIDE, SIDE), np.uint32)
        self._image = QImage()
        own = Qt.ShortcutContext.WidgetShortcut
        add_action(self, "Pen or eraser", ("E",), own, lambda: self.choose(self.thickness, not self.eraser))
        add_action(self, "Thinner pen", ("[",), own, lambda: self.choose(self.thickness / THICKER, self.eraser))
        add_action(self, "Thicker pen", ("]",), own, lambda: self.choose(self.thickness * THICKER, self.eraser))
        add_action(self, "Clear the sheet", ("Delete",), own, self.clear_wanted.emit)
        self._show(ink_of(self._drawing))

    @property
    def drawing_now(self) -> bool:
        """Whether the pen is down."""
        return self._pen is not None

    def sizeHint(self) -> QSize:
        return QSize(720, 720)  # as the canvas beside it

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 200)

    def choose(self, thickness: float, eraser: bool) -> None:
        """Draw with another thickness, clamped to its range, or with the eraser."""
        low, high = THICKNESS_RANGE
        self.thickness, self.eraser = min(max(thickness, low), high), eraser
        self.tool_changed.emit()

    def show_drawing(self, drawing: Drawing, look: Look, light_paper: bool) -> None:
        """Show a drawing. light_paper: whether the generator draws dark on light."""
        if (drawing.strokes, drawing.picture) != (self._drawing.strokes, self._drawing.picture):
            self._pen = None  # undone, for example, while the pen was down
        same = self._pen is not None or self._drawing == drawing
        if same and (look, light_paper) == (self._look, self._light_paper):
            return
        self._drawing, self._look, self._light_paper = drawing, look, light_paper
        if self._pen is None:
            self._show(ink_of(drawing))

    def _show(self, ink: Float32) -> None:
        levels = np.rint(ink * 255).astype(np.uint8)
        table = colour_table(self._look.colour_map, self._look.invert)
        self._picture = table.take(255 - levels if self._light_paper else levels)
        self._image = image_of(self._picture)
        self.update()

    def box(self) -> QRectF:
        """Return where the sheet is."""
        room = QRectF(picture_room(self.rect()))
        side = max(min(room.width(), room.height()), 1)
        box = QRectF(0, 0, side, side)
        box.moveCenter(room.center())
        return box

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.CANVAS)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = self.box()
        painter.drawImage(box, self._image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.ACCENT if self.hasFocus() else theme.FAINT, 1.5))
        painter.drawRect(box)
        if self._drawing.blank and self._pen is None:
            painter.setPen(QColor(_readable(int(self._picture[0, 0]))))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, HINT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == LEFT and self.isEnabled():
            self._begin(event.position(), 1.0, self.eraser)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & LEFT:
            self._move(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == LEFT:
            self._move(event.position(), 1.0)
            self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        kind = event.type()
        if kind == QEvent.Type.TabletPress and event.button() == LEFT:
            turned = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._begin(event.position(), event.pressure(), self.eraser or turned)
        elif kind == QEvent.Type.TabletMove and self._pen is not None:
            self._move(event.position(), event.pressure())
        elif kind == QEvent.Type.TabletRelease:
            self._end()
        event.accept()

    def hideEvent(self, _event: QEvent) -> None:
        self._end()

    def _begin(self, place: QPointF, pressure: float, eraser: bool) -> None:
        self._end()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._drawing.full:
            return
        self._pen = Pen(self.thickness, eraser)
        self.began.emit()
        self._move(place, pressure)

    def _move(self, place: QPointF, pressure: float) -> None:
        box = self.box()
        x, y = (place.x() - box.left()) / box.width(), (place.y() - box.top()) / box.height()
        if self._pen is not None and self._pen.move(x, y, pressure):
            ink = self._pen.over(ink_of(self._drawing))
            self._show(ink)
            self.changed.emit(ink)

    def _end(self) -> None:
        if self._pen is not None:
            stroke, self._pen = self._pen.stroke(), None
            self.drawn.emit(stroke)


def _readable(colour: int) -> int:
    """Return a grey that can be read on a colour, 0xAARRGGBB."""
    red, green, blue = (colour >> shift & 0xFF for shift in (16, 8, 0))
    return 0x606060 if 0.3 * red + 0.59 * green + 0.11 * blue > 127 else 0xA8A8A8
