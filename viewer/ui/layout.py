"""How the parts of the window are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
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
    """The pictures beside each other, each below its name, with toasts over the top edge, which move nothing.

    Where the pointer is at the top, toasts appear at the bottom, so that they do not cover what the user works with.
    """

    def __init__(self, named: Sequence[tuple[QWidget, QWidget]], toasts: Sequence[Toast]) -> None:
        """named: the name and the canvas of each picture."""
        super().__init__()
        self._toasts = tuple(toasts)
        self._at_bottom = False
        grid = QGridLayout(self)  # without stretch factors, so that a hidden picture leaves its room to the other one
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for column, (name, picture) in enumerate(named):
            grid.addWidget(name, 0, column)
            grid.addWidget(picture, 1, column)
        for toast in self._toasts:
            toast.setParent(self)
            toast.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Show and not any(one.isVisible() for one in self._toasts if one is not watched):
            self._at_bottom = False
            self._place()
            pointer = self.mapFromGlobal(QCursor.pos())
            self._at_bottom = any(one.geometry().contains(pointer) for one in self._toasts if one is watched)
        if kind in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.LayoutRequest):
            self._place()
        return False

    def _place(self) -> None:
        """Place the toasts at the left, each below the one before, or above it from the bottom."""
        edge = self.height() - theme.px(CAPTION_ROOM) if self._at_bottom else theme.SPACE
        for toast in self._toasts:
            if toast.isHidden():
                continue
            toast.fit(min(self.width() - 2 * theme.SPACE, theme.px(TOAST_WIDTH)))
            toast.move(theme.SPACE, edge - toast.height() if self._at_bottom else edge)
            toast.raise_()
            edge += (toast.height() + theme.SPACE // 2) * (-1 if self._at_bottom else 1)


class SideColumn(QScrollArea):
    """The column of panels, which scrolls on low screens and for generators with many classes.

    Every mode has a scroll position of its own.
    """

    def __init__(self, panels: Iterable[QWidget]) -> None:
        super().__init__()
        holder = QWidget()
        holder.setObjectName("side")
        column = QVBoxLayout(holder)
        column.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        column.setSpacing(12)
        for panel in panels:
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
        least = 0 if holder is None else holder.minimumSizeHint().width()
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
        self._mode = mode
        self._restoring.start()

    def _restore(self) -> None:
        self.fit(self._window_width)
        self.verticalScrollBar().setValue(self._positions.get(self._mode, 0))
