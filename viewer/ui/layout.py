"""How the parts of the window are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QCursor, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.ui import theme
from viewer.ui.widgets.toast import Toast

TOAST_WIDTH = 70 * theme.SPACE
"""Largest width of a toast in pixels."""
LARGEST_SHARE = 0.42
"""The share of a narrow window's width that the side column takes at most, if its panels can."""
CAPTION_ROOM = 4 * theme.SPACE
"""Pixels between a toast at the bottom and the edge, where the caption of a cell is."""


def lay_out(
    window: QWidget,
    *,
    header: QWidget,
    rail: QWidget,
    pictures: QWidget,
    bars: Sequence[QWidget],
    side: QWidget,
    status: QWidget,
) -> None:
    """Lay out the window: the header across it, then rail, pictures and side column in a row, `status` at the bottom.

    bars: below the pictures.
    """
    stage = QVBoxLayout()
    stage.setSpacing(0)
    stage.addWidget(pictures, 1)
    for bar in bars:
        stage.addWidget(bar)
    middle = QHBoxLayout()
    middle.setSpacing(0)
    middle.addWidget(rail)
    middle.addLayout(stage, 1)
    middle.addWidget(side)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(header)
    column.addLayout(middle, 1)
    column.addWidget(status)


class Pictures(QWidget):
    """The pictures beside each other, each below its name, with toasts over their top edge, which move nothing.

    Toasts cover no name. Where the pointer is at the top, they appear at the bottom, so that they do not cover what the
    user works with.
    """

    def __init__(self, named: Sequence[tuple[QWidget, QWidget]], facts: QWidget, toasts: Sequence[Toast]) -> None:
        """named: the name and the canvas of each picture; facts: a part of a picture's view that stays readable."""
        super().__init__()
        self._toasts = tuple(toasts)
        self._names = tuple(name for name, _ in named)
        self._facts = facts
        self._at_bottom = False
        grid = QGridLayout(self)  # without stretch factors, so that a hidden picture leaves its room to the other one
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for column, (name, picture) in enumerate(named):
            grid.addWidget(name, 0, column)
            grid.addWidget(picture, 1, column)
        for toast in self._toasts:
            toast.setParent(self)
        for one in (*self._toasts, *self._names, facts):
            one.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        appears = kind == QEvent.Type.Show and watched in self._toasts
        if appears and not any(one.isVisible() for one in self._toasts if one is not watched):
            self._at_bottom = False
            self._place()
            pointer = self.mapFromGlobal(QCursor.pos())
            self._at_bottom = any(one.geometry().contains(pointer) for one in self._toasts if one is watched)
        if kind in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return False

    def _place(self) -> None:
        """Place the toasts at the left, each below the one before, or above it from the bottom."""
        shown = [toast for toast in self._toasts if not toast.isHidden()]
        top = theme.SPACE + max((name.height() for name in self._names if name.isVisible()), default=0)
        room, at_bottom = self.width(), self._at_bottom
        facts = self._facts.mapTo(self, QPoint(0, 0))
        beside = facts.x() > self.width() // 3
        if self._facts.isVisible() and beside:
            room = facts.x()
        for toast in shown:
            toast.fit(min(room - 2 * theme.SPACE, theme.px(TOAST_WIDTH)))
        if self._facts.isVisible() and not beside:  # below the picture, with the heading first
            at_bottom = top + sum(toast.height() + theme.SPACE // 2 for toast in shown) > facts.y()
        below = theme.SPACE if self._facts.isVisible() else theme.px(CAPTION_ROOM)
        edge = self.height() - below if at_bottom else top
        for toast in shown:
            toast.move(theme.SPACE, edge - toast.height() if at_bottom else edge)
            toast.raise_()
            edge += (toast.height() + theme.SPACE // 2) * (-1 if at_bottom else 1)


class SideColumn(QScrollArea):
    """The column of panels, which scrolls on low screens and for generators with many classes.

    Every mode has a scroll position of its own.
    """

    def __init__(self, panels: Iterable[QWidget], first: Mapping[str, QWidget]) -> None:
        """panels: from top to bottom; first: of some modes, the panel that then stands at the top."""
        super().__init__()
        self._panels = tuple(panels)
        self._first = first
        holder = QWidget()
        holder.setObjectName("side")
        column = self._column = QVBoxLayout(holder)
        column.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        column.setSpacing(12)
        for panel in self._panels:
            column.addWidget(panel)
        column.addStretch()
        self.setWidget(holder)
        self.setFixedWidth(theme.px(theme.SIDE_WIDTH))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._mode = ""
        self._window_width = 0
        self._positions: dict[str, int] = {}
        self._restoring = QTimer(self)
        self._restoring.setSingleShot(True)
        self._restoring.timeout.connect(self._restore)

    def fit(self, window_width: int) -> None:
        """Become narrower in a narrow window, as far as the panels can, so that the pictures keep their room."""
        self._window_width = window_width
        holder = self.widget()
        bar = self.verticalScrollBar().sizeHint().width()  # it appears where the panels do not fit
        least = 0 if holder is None else holder.minimumSizeHint().width() + bar
        wanted = theme.px(theme.SIDE_WIDTH)
        self.setFixedWidth(min(wanted, max(round(LARGEST_SHARE * window_width), least)))

    def enter(self, mode: str) -> None:
        """Remember the position of the mode that was shown, and scroll to that of `mode` once its panels are laid out.

        Call this before the panels change. Does nothing if `mode` is shown already.
        """
        if mode == self._mode:
            return
        if not self._restoring.isActive():
            self._positions[self._mode] = self.verticalScrollBar().value()
        if (moved := self._first.get(self._mode)) is not None:
            self._column.insertWidget(self._panels.index(moved), moved)
        if (first := self._first.get(mode)) is not None:
            self._column.insertWidget(0, first)
        self._mode = mode
        self._restoring.start()

    def _restore(self) -> None:
        self.fit(self._window_width)
        self.verticalScrollBar().setValue(self._positions.get(self._mode, 0))
