"""The keyframes in a row, with the playhead above them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDrag,
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
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from viewer.core.picture.strip_layout import StripLayout
from viewer.core.scene.cells import scene_of_samples
from viewer.core.state.samples import Sample
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.engine.previews import Previews
from viewer.ui import theme
from viewer.ui.widgets.dragging import pack, unpack
from viewer.ui.widgets.qimage import paint_within, thumbnail

SIDE, SLIM_SIDE = 64, 40
"""Size of a keyframe in pixels, in the Morph mode and in the others."""
RULER = 2 * theme.SPACE
"""Height of the band above the keyframes in which the playhead moves."""
MARGIN = theme.SPACE
HINTS = ("Drag pictures here: each becomes a keyframe", "Drag pictures here", "Drop here")
"""The longest that fits is shown."""


class Strip(QWidget):
    """Edits the keyframes and the position by mouse and keyboard."""

    edited = Signal(str, object)
    """See `Panel.edited`."""
    selection_changed = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setAccessibleName("Timeline")
        self.setToolTip("Left, Right: select. Shift+Left, Shift+Right: move. Delete: remove.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        self.selected = 0
        """Index of the selected keyframe; 0 without keyframes."""
        self._player = player
        self._state = player.state
        self._pixmaps: dict[Sample, QPixmap] = {}
        self._pressed: QPoint | None = None
        self._scrubbing = False
        self._dragged: int | None = None
        self._insertion: int | None = None
        self._previews = Previews(player, "keyframes")
        self._previews.rendered.connect(self._on_rendered)

    @property
    def strip_layout(self) -> StripLayout:
        """Where the keyframes and the playhead are."""
        timeline = self._state.timeline
        return StripLayout(
            len(timeline.keyframes), timeline.steps, SIDE if self._large else SLIM_SIDE, theme.SPACE, MARGIN
        )

    @property
    def _large(self) -> bool:
        return self._state.mode == "path"

    @property
    def _top(self) -> int:
        return MARGIN + (RULER if self._large else 0)

    def sizeHint(self) -> QSize:
        return QSize(self.strip_layout.width, self._top + self.strip_layout.side + MARGIN)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()  # the strip scrolls instead of shrinking

    def show_state(self, state: ViewState) -> None:
        """Show the keyframes and the position. Only `selection_changed` may be emitted."""
        before, self._state = self._state, state
        if (before.timeline, before.mode) != (state.timeline, state.mode):
            self._select(self.selected)
            self.updateGeometry()
        elif before.position != state.position:
            self.update()
        if before.look != state.look:
            self._on_rendered()
        directions, keyframes = self._player.directions, state.timeline.keyframes
        self._previews.show(
            (keyframes, state.truncation, state.amounts, state.shifts, directions is None),
            lambda info: scene_of_samples(info, keyframes, state, directions),
        )

    def insert(self, place: int, sample: Sample) -> None:
        """Insert a keyframe, and go to it."""
        self.edited.emit("keyframe", lambda state: _changed(state, state.timeline.inserted(place, sample), place))
        self._select(place)

    def remove(self) -> None:
        """Remove the selected keyframe."""
        place = self.selected
        self.edited.emit("keyframe", lambda state: state.with_timeline(state.timeline.removed(place)))

    def _move(self, place: int, to: int) -> None:
        to = min(max(to, 0), len(self._state.timeline.keyframes) - 1)
        self.edited.emit("order", lambda state: _changed(state, state.timeline.moved(place, to), to))
        self._select(to)

    def _go(self, place: int) -> None:
        self._select(place)
        if self._large:
            self.edited.emit("position", lambda state: state.with_position(self.selected))

    def _scrub(self, x: float) -> None:
        position = self.strip_layout.position_at(x)
        self.edited.emit("position", lambda state: state.with_position(position))

    def _select(self, place: int) -> None:
        count = len(self._state.timeline.keyframes)
        self.selected = min(max(place, 0), max(count - 1, 0))
        self.setAccessibleDescription(f"keyframe {self.selected + 1} of {count}" if count else "no keyframes")
        self.selection_changed.emit()
        self.update()

    def _on_rendered(self) -> None:
        scene, pixels, ratio = self._previews.scene, self._previews.pixels, self.devicePixelRatioF()
        samples = () if scene is None or pixels is None else zip(scene.samples, pixels, strict=True)
        look = self._state.look
        self._pixmaps = {sample: thumbnail(picture, SIDE, look, ratio) for sample, picture in samples}
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        layout, timeline = self.strip_layout, self._state.timeline
        for place, sample in enumerate(timeline.keyframes):
            self._paint_keyframe(painter, layout, place, sample)
        if not timeline.keyframes:
            self._paint_hint(painter)
            return
        if timeline.loop and timeline.steps:  # the first keyframe again, as a ghost
            painter.setOpacity(0.3)
            self._paint_keyframe(painter, layout, layout.keyframes, timeline.keyframes[0])
            painter.setOpacity(1.0)
        if self._insertion is not None:
            x = layout.left(self._insertion) - layout.gap / 2
            painter.setPen(QPen(theme.ACCENT, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x, self._top), QPointF(x, self._top + layout.side))
        if self._large:
            self._paint_playhead(painter, layout)

    def _paint_hint(self, painter: QPainter) -> None:
        box = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        colour = theme.LINE if self._insertion is None and not self.hasFocus() else theme.ACCENT
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, theme.SPACE, theme.SPACE)
        painter.setPen(theme.MUTED)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        fitting = (text for text in HINTS if box.contains(painter.boundingRect(box, flags, text)))
        painter.drawText(box, flags, next(fitting, ""))

    def _paint_keyframe(self, painter: QPainter, layout: StripLayout, place: int, sample: Sample) -> None:
        box = QRectF(layout.left(place), self._top, layout.side, layout.side)
        painter.fillRect(box, theme.RAISED)
        if (pixmap := self._pixmaps.get(sample)) is not None:
            paint_within(painter, pixmap, box)
        if place == self.selected and self.hasFocus():
            painter.setPen(QPen(theme.ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 3, 3)

    def _paint_playhead(self, painter: QPainter, layout: StripLayout) -> None:
        y = MARGIN + RULER / 2 - 2
        painter.setPen(QPen(theme.LINE, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(layout.playhead(0), y), QPointF(layout.playhead(layout.steps), y))
        x = layout.playhead(self._state.position)
        painter.setPen(QPen(theme.ACCENT, 2))
        painter.drawLine(QPointF(x, y), QPointF(x, self._top + layout.side))
        painter.setBrush(theme.ACCENT)
        painter.drawEllipse(QPointF(x, y), 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._large and event.position().y() < self._top:
            self._scrubbing = True
            self._scrub(event.position().x())
        elif (place := self.strip_layout.place_at(event.position().x())) is not None:
            self._select(place)
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._scrubbing:
            self._scrub(event.position().x())
        elif self._pressed is not None:
            moved = event.position().toPoint() - self._pressed
            if moved.manhattanLength() >= QApplication.startDragDistance():
                self._drag()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._pressed is not None:
            self._go(self.selected)
        self._pressed, self._scrubbing = None, False

    def _drag(self) -> None:
        self._pressed, self._dragged = None, self.selected
        sample = self._state.timeline.keyframes[self.selected]
        drag = QDrag(self)
        drag.setMimeData(pack(sample))
        if (pixmap := self._pixmaps.get(sample)) is not None:
            drag.setPixmap(pixmap)
            drag.setHotSpot(QPoint(SIDE // 2, SIDE // 2))
        drag.exec(Qt.DropAction.CopyAction)
        self._dragged = None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if unpack(event.mimeData()) is not None and (self._dragged is not None or not self._state.timeline.full):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        self._show_insertion(self.strip_layout.insertion_at(event.position().x()))

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._show_insertion(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_insertion(None)
        sample, place = unpack(event.mimeData()), self.strip_layout.insertion_at(event.position().x())
        event.acceptProposedAction()
        if self._dragged is not None:
            self._move(self._dragged, place - (place > self._dragged))
        elif sample is not None:
            self.insert(place, sample)

    def _show_insertion(self, place: int | None) -> None:
        if place != self._insertion:
            self._insertion = place
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count, key = len(self._state.timeline.keyframes), event.key()
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -count, Qt.Key.Key_End: count}.get(
            Qt.Key(key)
        )
        if not count or (step is None and key not in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)):
            super().keyPressEvent(event)
        elif step is None:
            self.remove()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move(self.selected, self.selected + step)
        else:
            self._go(self.selected + step)


def _changed(state: ViewState, timeline: Timeline, place: int) -> ViewState:
    """Replace the timeline and, in the Morph mode while paused, go to its keyframe number `place`."""
    state = state.with_timeline(timeline)
    return state.with_position(place) if state.mode == "path" and not state.playing else state
