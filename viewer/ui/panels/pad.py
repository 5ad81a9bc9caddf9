"""The pad: a point between three or four samples, over a map of previews."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from viewer.core.scene.cells import map_of_pad
from viewer.core.state.pad import MAP_SIDE, PLACES, Pad, map_points
from viewer.core.state.samples import Sample, any_sample
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.engine.previews import Previews
from viewer.ui import theme
from viewer.ui.widgets.buttons import icon_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.dragging import unpack
from viewer.ui.widgets.qimage import paint_within, thumbnail

STEP, LARGE_STEP = 0.02, 0.1
"""How far an arrow key moves the point, alone and with Shift; the pad has side 1."""
SHAPES = {
    "3": ("Triangle", "Blend three samples, for a map that is easy to read"),
    "4": ("Square", "Blend four samples, for more variety"),
}
PREVIEW_SIDE = 6 * theme.SPACE
"""Size of a preview in pixels."""
FAINT = 0.35
"""Opacity of the previews between the corners."""


class PadView(QWidget):
    """Edits the point by mouse or arrow keys, and the corners by drag and drop."""

    edited = Signal(str, object)
    """See `Panel.edited`."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setAccessibleName("Pad")
        self.setToolTip("Drag the point, or use the arrow keys. Drop a picture on a corner.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._player = player
        self._state = player.state
        self._pixmaps: list[QPixmap] = []
        self._moving = False
        self._target: int | None = None
        self._previews = Previews(player, "map of the pad")
        self._previews.rendered.connect(self._on_rendered)

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def heightForWidth(self, width: int) -> int:
        return width

    def show_state(self, state: ViewState) -> None:
        before, self._state = self._state, state
        if before.look != state.look:
            self._on_rendered()
        self.update()
        directions, pad = self._player.directions, state.pad
        if state.mode == "pad":  # previews cost time
            self._previews.show(
                (pad.corners, state.truncation, state.amounts, state.shifts, directions is None),
                lambda info: map_of_pad(info, state, directions),
            )

    def _on_rendered(self) -> None:
        pixels, ratio = self._previews.pixels, self.devicePixelRatioF()
        look, shown = self._state.look, () if pixels is None else pixels
        self._pixmaps = [thumbnail(picture, PREVIEW_SIDE, look, ratio) for picture in shown]
        self.update()

    @property
    def _cell(self) -> float:
        return min(self.width(), self.height()) / MAP_SIDE

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Convert a point of the pad to pixels. Corners are the centres of the outermost previews."""
        return QPointF((0.5 + x * (MAP_SIDE - 1)) * self._cell, (0.5 + y * (MAP_SIDE - 1)) * self._cell)

    def _from_pixels(self, point: QPointF) -> tuple[float, float]:
        return (point.x() / self._cell - 0.5) / (MAP_SIDE - 1), (point.y() / self._cell - 0.5) / (MAP_SIDE - 1)

    def _corner_at(self, point: QPointF) -> int:
        """Return the nearest corner: a drop need not be exact."""
        places = [self.to_pixels(x, y) - point for x, y in PLACES[len(self._state.pad.corners) or 4]]
        return min(range(len(places)), key=lambda corner: QPointF.dotProduct(places[corner], places[corner]))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        count = len(self._state.pad.corners)
        corners = PLACES[count or 4]
        points = map_points(count)
        if count and len(self._pixmaps) == len(points):
            for (x, y), pixmap in zip(points, self._pixmaps, strict=True):
                painter.setOpacity(1.0 if (x, y) in corners else FAINT)
                paint_within(painter, pixmap, self._box(x, y))
            painter.setOpacity(1.0)
        for corner, (x, y) in enumerate(corners):
            style = Qt.PenStyle.SolidLine if count else Qt.PenStyle.DashLine
            aimed = corner == self._target
            lit = aimed or (not count and self.hasFocus())
            painter.setPen(QPen(theme.ACCENT if lit else theme.FAINT, 2 if aimed else 1, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._box(x, y).adjusted(1, 1, -1, -1), 4, 4)
        if count:
            self._paint_point(painter)
        else:
            painter.setPen(theme.MUTED)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop pictures\non the corners")

    def _paint_point(self, painter: QPainter) -> None:
        at = self.to_pixels(self._state.pad.x, self._state.pad.y)
        painter.setPen(QPen(theme.CANVAS, 2))
        painter.setBrush(theme.ACCENT)
        painter.drawEllipse(at, 8, 8)
        if self.hasFocus():
            painter.setPen(QPen(theme.ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 12, 12)

    def _box(self, x: float, y: float) -> QRectF:
        box = QRectF(0, 0, self._cell, self._cell)
        box.moveCenter(self.to_pixels(x, y))
        return box

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._state.pad.corners:
            self._moving = True
            self._move_to(*self._from_pixels(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._moving:
            self._move_to(*self._from_pixels(event.position()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._moving = False

    def _move_to(self, x: float, y: float) -> None:
        self.edited.emit("blend", lambda state: state.with_pad(state.pad.with_point(x, y)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        across, down = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }.get(Qt.Key(event.key()), (0, 0))
        pad = self._state.pad
        if not pad.corners or (across, down) == (0, 0):
            super().keyPressEvent(event)
            return
        step = LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        self._move_to(pad.x + across * step, pad.y + down * step)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if unpack(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        self._aim(self._corner_at(event.position()))

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._aim(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._aim(None)
        sample, corner, model = unpack(event.mimeData()), self._corner_at(event.position()), self._player.model
        if sample is None or model is None:
            return
        event.acceptProposedAction()
        # A pad without corners gets random ones beside this sample.
        others = tuple(any_sample(model.info) for _ in PLACES[4])
        self.edited.emit("corner", lambda state: state.with_pad(_with_corner(state.pad, corner, sample, others)))

    def _aim(self, corner: int | None) -> None:
        if corner != self._target:
            self._target = corner
            self.update()


class PadPanel(Panel):
    """The pad, and buttons for its shape and for random corners."""

    def __init__(self, player: Player) -> None:
        super().__init__("Blend")
        self._player = player
        self.view = PadView(player)
        self.view.edited.connect(self.edited)
        self.shape = Choices("Shape", SHAPES)
        self.shape.chosen.connect(lambda name: self._reshape(int(name)))
        self.any = icon_button("random", "Random corners: blend other samples, chosen by chance")
        self.any.clicked.connect(lambda: self._take_any(len(self._player.state.pad.corners) or 4))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self.shape, 1)
        row.addWidget(self.any)
        self.body.addWidget(self.view)
        self.body.addLayout(row)
        self.value.setText("drag the point")

    def show_state(self, state: ViewState) -> None:
        self.view.show_state(state)
        self.shape.show_choice(str(len(state.pad.corners) or 4))

    def _take_any(self, count: int) -> None:
        if self._player.model is not None:
            corners = tuple(any_sample(self._player.model.info) for _ in range(count))
            self.edited.emit("corners", lambda state: state.with_pad(state.pad.with_corners(corners)))

    def _reshape(self, count: int) -> None:
        corners = self._player.state.pad.corners
        if not corners:
            self._take_any(count)
        elif self._player.model is not None and len(corners) != count:
            reshaped = (*corners, any_sample(self._player.model.info))[:count]
            self.edited.emit("shape", lambda state: state.with_pad(state.pad.with_corners(reshaped)))


def _with_corner(pad: Pad, corner: int, sample: Sample, others: tuple[Sample, ...]) -> Pad:
    return (pad if pad.corners else pad.with_corners(others)).with_corner(corner, sample)
