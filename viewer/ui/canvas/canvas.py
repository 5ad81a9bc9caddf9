"""The picture in the middle of the window, whose cells can be locked, opened and dragged."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from viewer.core.picture.layout import layout_of
from viewer.core.scene.messages import Frame
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.canvas.canvas_base import CanvasBase
from viewer.ui.canvas.keys import add_action, add_view_actions
from viewer.ui.canvas.marks import CAPTION_HEIGHT, padlock_box, paint_caption, paint_frame, paint_padlock
from viewer.ui.widgets.dragging import pack
from viewer.ui.widgets.qimage import thumbnail

DRAGGED_SIDE = 56
"""Size in pixels of the picture of a dragged cell."""
FRAME_ROOM = 4
"""Pixels around a cell that its frame may cover."""
LEFT = Qt.MouseButton.LeftButton


class Canvas(CanvasBase):
    """Shows the grid. The current cell is the one under the pointer, else the held one.

    A click or the arrow keys hold a cell.
    """

    edited = Signal(str, object)
    """See `Panel.edited`."""
    notified = Signal(str, object)
    """A message, and the Offer to show with it."""
    current_changed = Signal()
    """Another cell, or none, is the current one, or its picture changed."""
    clicked = Signal(int)
    """The index of the cell."""
    opened = Signal(int)
    """The index of the cell to show large."""
    menu_wanted = Signal(QPoint)
    """The user asked for the menu of the held cell at this point of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Generated pictures")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._locks: frozenset[int] | None = frozenset()  # None if the mode has no locks
        self._state = ViewState()
        self._hovered: int | None = None
        self._held: int | None = None
        self._pressed: QPointF | None = None
        self._caption = ""
        add_view_actions(self, self._step, self._open, self.zoom, self.pan, self.set_view)
        window = Qt.ShortcutContext.WindowShortcut
        self._lock_action = add_action(self, "Lock or unlock the cell", ("L",), window, self.toggle_lock)

    @property
    def current(self) -> int | None:
        """Index of the current cell, or None."""
        cell = self._held if self._hovered is None else self._hovered
        return cell if self.frame is not None and cell is not None and cell < len(self.frame.pixels) else None

    @property
    def sample(self) -> Sample | None:
        """The sample that the current cell shows, or None."""
        return None if self.frame is None or self.current is None else self.frame.scene.sample(self.current)

    def show_frame(self, frame: Frame) -> None:
        super().show_frame(frame)
        if self._hovered is not None or self._held is not None:
            self.current_changed.emit()

    def clear(self, invitation: str) -> None:
        super().clear(invitation)
        self.current_changed.emit()

    def hold(self, cell: int) -> None:
        """Hold a cell, and make it the current one wherever the pointer is."""
        self._point(None, cell)

    def show_state(self, state: ViewState) -> None:
        """Show which cells are locked, and say so if a change has no effect because all of them are."""
        before, self._state = self._state, state
        if _tried_to_change(before, state) and before.locks == state.locks and state.all_locked:
            what = "This cell is" if state.cells == 1 else "All cells are"
            keeps = "it keeps its picture" if state.cells == 1 else "they keep their pictures"
            unlock = ("Unlock", lambda: self.edited.emit("unlocking", lambda state: state.unlocked()))
            self.notified.emit(f"{what} locked: {keeps}.", unlock)
        locks = frozenset(cell for cell, _ in state.locks) if state.mode == "grid" else None
        if locks != self._locks:
            self._locks = locks
            self._lock_action.setEnabled(locks is not None)  # so that other modes can use the key
            self.update()
            self.current_changed.emit()

    def set_caption(self, text: str) -> None:
        """Change the line about the current cell."""
        if text != self._caption:
            self._caption = text
            self.setAccessibleDescription(text)
            self.update(self._caption_box())

    def locked(self, cell: int | None) -> bool | None:
        """Return whether a cell is locked; None if this mode has no locks."""
        return None if self._locks is None else cell in self._locks

    def toggle_lock(self) -> None:
        """Lock or unlock the current cell."""
        cell, sample = self.current, self.sample
        if cell is None or self.locked(cell) is None:
            return
        kept = None if self.locked(cell) else sample
        self.edited.emit(f"lock on cell {cell + 1}", lambda state: state.locked(cell, kept))

    def _open(self) -> None:
        if self.current is not None:
            self.opened.emit(self.current)

    def _step(self, across: int, down: int) -> None:
        if self.frame is not None:
            self.hold(layout_of(self.frame).step(self.current, across, down))

    def _point(self, hovered: int | None, held: int | None) -> None:
        """Change the hovered and the held cell, and repaint the cells that look different then."""
        before = (self.current, self._held)
        self._hovered, self._held = hovered, held
        if (self.current, held) != before:
            room = FRAME_ROOM
            for cell in {*before, self.current, held} - {None}:
                self.update(self._cell(cell).toAlignedRect().adjusted(-room, -room, room, room))
            self.current_changed.emit()

    def _cell(self, cell: int | None) -> QRectF:
        """Return where a cell is, in the widget's logical pixels; empty if there is no such cell."""
        if self.frame is None or cell is None or cell >= len(self.frame.pixels):
            return QRectF()
        ratio = self.devicePixelRatioF()
        return QRectF(*(value / ratio for value in layout_of(self.frame).cell_box(self.box(), cell)))

    def _cell_at(self, place: QPointF) -> int | None:
        if self.frame is None:
            return None
        ratio = self.devicePixelRatioF()
        return layout_of(self.frame).cell_at(self.box(), place.x() * ratio, place.y() * ratio)

    def _on_padlock(self, place: QPointF) -> bool:
        box = None if self._locks is None or self.current is None else padlock_box(self._cell(self.current))
        return box is not None and box.contains(place)

    def _caption_box(self) -> QRect:
        return QRect(0, self.height() - theme.px(CAPTION_HEIGHT) - 2, self.width(), theme.px(CAPTION_HEIGHT))

    def paint_marks(self, painter: QPainter) -> None:
        for cell in self._locks or ():
            if not (box := self._cell(cell)).isEmpty():
                paint_padlock(painter, box, locked=True)
        if (current := self.current) is None:
            return
        if self._hovered is not None:
            paint_frame(painter, self._cell(current), theme.MUTED)
        if not (held := self._cell(self._held)).isEmpty():
            paint_frame(painter, held, theme.ACCENT)
        if self.locked(current) is False:
            paint_padlock(painter, self._cell(current), locked=False)
        if self._caption:
            paint_caption(painter, self._caption_box(), self._caption)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == LEFT:
            self._point(self._cell_at(event.position()), self._held)
            if self._on_padlock(event.position()):
                self.toggle_lock()
            elif self._hovered is not None:  # the release decides between a click and a drag
                self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._pressed is None:
            self._point(self._cell_at(event.position()), self._held)
        elif (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self._drag()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == LEFT and self._pressed is not None:
            self._pressed = None
            if self._hovered is not None:
                self._point(self._hovered, self._hovered)
                self.clicked.emit(self._hovered)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        wanders = self._state.mode == "near"  # there, two quick clicks are two steps
        if event.button() != LEFT or wanders or self._on_padlock(event.position()):
            self.mousePressEvent(event)
        elif cell is not None:
            self.opened.emit(cell)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        cell = self._cell_at(QPointF(event.pos())) if by_mouse else self.current
        if cell is not None:
            self.hold(cell)
            middle = self.mapToGlobal(self._cell(cell).center().toPoint())
            self.menu_wanted.emit(event.globalPos() if by_mouse else middle)

    def leaveEvent(self, _event: QEvent) -> None:
        self._point(None, self._held)

    def _drag(self) -> None:
        sample, cell = self.sample, self.current
        if self.frame is None or sample is None or cell is None:
            return
        drag = QDrag(self)
        drag.setMimeData(pack(sample))
        drag.setPixmap(thumbnail(self.frame.pixels[cell], DRAGGED_SIDE, self.frame.look, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(DRAGGED_SIDE // 2, DRAGGED_SIDE // 2))
        drag.exec(Qt.DropAction.CopyAction)
        self._point(None, self._held)  # the pointer may have left the canvas


def _tried_to_change(before: ViewState, after: ViewState) -> bool:
    """Return whether somebody chose another seed or class, or started a walk."""
    if after.playing:
        return not before.playing
    return (before.seed, before.digits, before.by_rows) != (after.seed, after.digits, after.by_rows)
