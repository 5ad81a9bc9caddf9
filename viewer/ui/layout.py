"""How the parts of the window are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.ui import theme


def lay_out(
    window: QWidget,
    *,
    top: Sequence[QWidget],
    rail: QWidget,
    pictures: Sequence[QWidget],
    bars: Sequence[QWidget],
    side: QWidget,
    status: QWidget,
) -> None:
    """Lay out the window: `top` across it, then rail, pictures and side column in a row, `status` at the bottom.

    pictures: beside each other; bars: below the pictures.
    """
    row = QHBoxLayout()
    row.setSpacing(0)
    for picture in pictures:
        row.addWidget(picture, 1)
    stage = QVBoxLayout()
    stage.setSpacing(0)
    stage.addLayout(row, 1)
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
    for widget in top:
        column.addWidget(widget)
    column.addLayout(middle, 1)
    column.addWidget(status)


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
        self._positions: dict[str, int] = {}
        self._restoring = QTimer(self)
        self._restoring.setSingleShot(True)
        self._restoring.timeout.connect(self._restore)

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
        self.verticalScrollBar().setValue(self._positions.get(self._mode, 0))
