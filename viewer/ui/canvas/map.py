"""The map: many samples as thumbnails on a plane, which can be zoomed and panned."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from export.runtime.arrays import UInt8
from viewer.core.picture.caption import caption
from viewer.core.picture.fit import WHOLE, View
from viewer.core.scene.map import Map
from viewer.core.state.samples import Sample
from viewer.ui import theme
from viewer.ui.canvas.canvas_base import BY_TAB, MARGIN, NOTCH
from viewer.ui.canvas.keys import ZOOM_STEP, add_view_actions
from viewer.ui.canvas.marks import paint_caption, paint_focus_ring, paint_frame

LEAST_SIDE, MOST_SIDE = 12.0, 160.0
"""Smallest and largest side of a thumbnail in pixels."""
ROOM = 0.9
"""Side of a thumbnail at zoom 1, as a share of that of a square with room for one sample."""
GROWTH = 0.75
"""Exponent of the zoom by which thumbnails grow: less than 1, so that zooming in takes crowds apart."""
CAPTION_HEIGHT = 20
SCALED_AT_ONCE = 1.2
"""Enlargement up to which all thumbnails are scaled together, which takes memory; beyond it, few are visible."""
REST_MS = 120
"""Time after the last movement, after which large thumbnails are painted smoothly; that takes longer than a frame."""
LIGHT_PAPER = 128
"""Mean level of the border above which pictures are dark on light."""
LEFT = Qt.MouseButton.LeftButton
Levels = np.ndarray[tuple[int, ...], np.dtype[np.uint32]]


class MapView(QWidget):
    """Shows a map. A click opens a sample; dragging pans, and the wheel zooms."""

    opened = Signal(object)
    """The Sample to show large."""
    menu_wanted = Signal(object, QPoint)
    """The user asked for the menu of a Sample, at this point of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Map of pictures")
        self.setToolTip("Click a picture to see it large; drag to move, turn the wheel to zoom")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.map: Map | None = None
        self.view = WHOLE
        self.with_real = True
        self.classes: tuple[str, ...] = ()
        """The generator's classes, for captions."""
        self._note = ""
        self._chosen: Sample | None = None
        self._current: int | None = None  # of the samples first, then of the real pictures
        self._pressed: QPointF | None = None
        self._panned = False
        self._ringed = False
        self._places = np.empty((0, 2))
        self._order = np.empty(0, np.intp)
        self._atlas: QPixmap | None = None
        self._cell = QSize()
        self._scaled: tuple[QSize, QPixmap] | None = None
        self._moving = QTimer(self)  # runs while the view moves, and shortly after
        self._moving.setSingleShot(True)
        self._moving.setInterval(REST_MS)
        self._moving.timeout.connect(self.update)
        add_view_actions(self, self.step, self._open, self.zoom, self.pan, self.set_view)

    def sizeHint(self) -> QSize:
        return QSize(720, 720)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    def show_map(self, found: Map | None) -> None:
        """Show a map, or none."""
        self.map = found
        self._note = ""
        self._point(None)
        self._compose()

    def show_note(self, text: str) -> None:
        """Show a line about work that goes on, until the next map."""
        self._note = text
        self.update()

    def show_real(self, shown: bool) -> None:
        """Show or hide the real pictures."""
        if shown != self.with_real:
            self.with_real = shown
            self._point(None)
            self._compose()

    def show_chosen(self, sample: Sample | None) -> None:
        """Frame the sample that was chosen last."""
        if sample != self._chosen:
            self._chosen = sample
            self.update()

    def zoom(self, by: float, place: QPointF | None = None) -> None:
        """Zoom in (by > 1) or out. The point `place` of the widget stays where it is; None is the middle."""
        area = self._area()
        middle = area.center() if place is None else place
        x = self.view.x + (middle.x() - area.center().x()) / (area.width() * self.view.zoom)
        y = self.view.y + (middle.y() - area.center().y()) / (area.height() * self.view.zoom)
        self.set_view(self.view.zoomed(by, x, y))

    def pan(self, across: float, down: float) -> None:
        """Move the view to the right and down, in parts of what is visible."""
        self.set_view(self.view.panned(across / self.view.zoom, down / self.view.zoom))

    def set_view(self, view: View) -> None:
        """Zoom and pan to a view."""
        if view != self.view:
            self.view = view
            self._moving.start()
            self.update()

    def step(self, across: int, down: int) -> None:
        """Go to the next sample in a direction."""
        if self.map is None:
            return
        centres = self._centres()
        if self._current is None:
            middle = self._area().center()
            away = np.abs(centres - (middle.x(), middle.y())).sum(axis=1)
        else:
            moved = centres - centres[self._current]
            ahead, aside = moved @ (across, down), np.abs(moved @ (down, across))
            away = np.where((ahead > 0.5) & (aside <= 2 * ahead), ahead + 2 * aside, np.inf)
        away[len(self.map.samples) :] = np.inf  # real pictures cannot be opened
        place = int(away.argmin())
        if math.isfinite(away[place]):
            self._point(place)
            self._show_place(centres[place])

    def _show_place(self, centre: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        """Pan so that a point of the widget is inside it."""
        area = self._area()
        x = max(area.left() - centre[0], 0) - max(centre[0] - area.right(), 0)
        y = max(area.top() - centre[1], 0) - max(centre[1] - area.bottom(), 0)
        if x or y:
            self.pan(-x / area.width(), -y / area.height())

    def centre(self, place: int) -> QPointF:
        """Return where a picture is in the widget: a sample, or after them a real picture."""
        return QPointF(*self._centres()[place].tolist())

    def _area(self) -> QRectF:
        """Return the part of the widget that the map fills at zoom 1."""
        inset = MARGIN + theme.SPACE
        return QRectF(self.rect()).adjusted(inset, inset, -inset, -inset - theme.px(CAPTION_HEIGHT))

    @property
    def side(self) -> float:
        """Side of a thumbnail in pixels."""
        area, count = self._area(), len(self.map.samples) if self.map is not None else 1
        alone = ROOM * math.sqrt(max(area.width() * area.height(), 1) / count)
        return min(max(alone, LEAST_SIDE) * math.pow(self.view.zoom, GROWTH), MOST_SIDE)

    def _centres(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        area, view = self._area(), self.view
        size, middle = (area.width(), area.height()), (area.center().x(), area.center().y())
        return (self._places - (view.x, view.y)) * view.zoom * size + middle

    def _compose(self) -> None:
        """Make the image that holds all thumbnails below each other."""
        found, self._atlas, self._scaled = self.map, None, None
        if found is not None:
            parts, places = [_inked(found.pixels, theme.TEXT)], [found.places]
            if found.real is not None and self.with_real:
                parts.append(_inked(found.real.pixels, theme.ACCENT))
                places.append(found.real.places)
            height, width = found.pixels.shape[1:3]
            levels = np.ascontiguousarray(np.concatenate(parts)).reshape(-1, width)
            image = QImage(
                levels.data.cast("B"), width, len(levels), 4 * width, QImage.Format.Format_ARGB32_Premultiplied
            )
            self._atlas = QPixmap.fromImage(image.copy())
            self._cell = QSize(width, height)
            self._places = np.concatenate(places)
            low, high = self._places.min(axis=0), self._places.max(axis=0)
            low, high = np.minimum(low, 0), np.maximum(high, 1)
            self._places = (self._places - low) / (high - low)
            counts = [np.linspace(0, 1, len(part)) for part in parts]
            self._order = np.argsort(np.concatenate(counts), kind="stable")  # neither kind covers the other
        self.update()

    def _at(self, place: QPointF) -> int | None:
        """Return the picture at a point of the widget."""
        if self._atlas is None:
            return None
        away = np.abs(self._centres() - (place.x(), place.y())).max(axis=1)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= self.side / 2 else None

    def _point(self, place: int | None) -> None:
        if place != self._current:
            self._current = place
            self.setAccessibleDescription(self._caption())
            self.setCursor(
                Qt.CursorShape.PointingHandCursor if self._sample(place) is not None else Qt.CursorShape.ArrowCursor
            )
            self.update()

    def _sample(self, place: int | None) -> Sample | None:
        if self.map is None or place is None or place >= len(self.map.samples):
            return None
        return self.map.samples[place]

    def _caption(self) -> str:
        if self.map is None or self._current is None:
            return ""
        if (sample := self._sample(self._current)) is not None:
            return caption(sample, self.classes, None)
        real = self.map.real
        assert real is not None
        name = real.labels[self._current - len(self.map.samples)]
        return f"a real picture of {real.title}" + (f"   ·   class {name}" if name else "")

    def _open(self) -> None:
        if (sample := self._sample(self._current)) is not None:
            self.opened.emit(sample)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.CANVAS)
        if self._atlas is not None and self.map is not None:
            self._paint_pictures(painter, self._atlas)
            box = self._box(self._current)
            if self._chosen in self.map.samples:
                paint_frame(painter, self._box(self.map.samples.index(self._chosen)), theme.ACCENT)
            if self._current is not None:
                paint_frame(painter, box, theme.MUTED)
        text = self._caption() or self._note
        if text and self._atlas is not None:
            height = theme.px(CAPTION_HEIGHT)
            paint_caption(painter, QRect(0, self.height() - height - 2, self.width(), height), text)
        elif text:
            painter.setPen(theme.MUTED)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
        if self._ringed and self.hasFocus():
            paint_focus_ring(painter, self.rect())

    def _paint_pictures(self, painter: QPainter, atlas: QPixmap) -> None:
        """Paint the thumbnails that are visible, in whole pixels at whole places, which is several times as fast."""
        width, height = self._cell.width(), self._cell.height()
        scale = self.side / max(width, height)
        across, down = max(round(width * scale), 1), max(round(height * scale), 1)
        corners = np.rint(self._centres() - (across / 2, down / 2)).astype(int)
        x, y = corners.T
        inside = (x > -across) & (x < self.width()) & (y > -down) & (y < self.height())
        if scale <= SCALED_AT_ONCE:  # all together, and once for all paintings at this zoom
            size = QSize(across, down * (atlas.height() // height))
            if self._scaled is None or self._scaled[0] != size:
                self._scaled = (size, atlas.scaled(size, mode=Qt.TransformationMode.SmoothTransformation))
            atlas, width, height = self._scaled[1], across, down
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._moving.isActive())
        shown = self._order[inside[self._order]]
        for place, (left, top) in zip(shown.tolist(), corners[shown].tolist(), strict=True):
            painter.drawPixmap(left, top, across, down, atlas, 0, place * height, width, height)

    def _box(self, place: int | None) -> QRectF:
        if place is None:
            return QRectF()
        box = QRectF(0, 0, self.side, self.side)
        box.moveCenter(self.centre(place))
        return box

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._compose()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ringed = event.reason() in BY_TAB
        super().focusInEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(ZOOM_STEP ** (event.angleDelta().y() / NOTCH), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (LEFT, Qt.MouseButton.MiddleButton):
            self._pressed, self._panned = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            self._point(self._at(event.position()))
            return
        moved = self._pressed - event.position()
        if self._panned or moved.manhattanLength() >= QApplication.startDragDistance():
            if not self._panned:
                self._panned = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._pressed = event.position()
            self.pan(moved.x() / self._area().width(), moved.y() / self._area().height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._panned:
            self.unsetCursor()
        elif event.button() == LEFT:
            self._point(self._at(event.position()))
            self._open()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self._at(QPointF(event.pos())) if by_mouse else self._current
        if (sample := self._sample(place)) is not None and place is not None:
            middle = self.mapToGlobal(self.centre(place).toPoint())
            self.menu_wanted.emit(sample, event.globalPos() if by_mouse else middle)

    def leaveEvent(self, _event: QEvent) -> None:
        self._point(None)


def _inked(pixels: UInt8, colour: QColor) -> Levels:
    """Return thumbnails as premultiplied ARGB, uint32 [n, h, w]: grey ones as ink in a colour, without their paper.

    Colour pictures keep their own colours.
    """
    if pixels.ndim == 4:
        return _argb(np.uint32(255), *(pixels[..., channel].astype(np.uint32) for channel in range(3)))
    border = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)
    ink = (255 - pixels if border.mean() > LIGHT_PAPER else pixels).astype(np.uint32)
    return _argb(ink, *((ink * level + 127) // 255 for level in (colour.red(), colour.green(), colour.blue())))


def _argb(alpha: np.uint32 | Levels, red: Levels, green: Levels, blue: Levels) -> Levels:
    return ((alpha << 24) | (red << 16) | (green << 8) | blue).astype(np.uint32)
