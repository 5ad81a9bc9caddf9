"""How the parts of the window are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
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


def side_column(panels: Iterable[QWidget]) -> QScrollArea:
    """Return the column of panels, which scrolls on low screens and for generators with many classes."""
    holder = QWidget()
    holder.setObjectName("side")
    column = QVBoxLayout(holder)
    column.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
    column.setSpacing(12)
    for panel in panels:
        column.addWidget(panel)
    column.addStretch()
    side = QScrollArea()
    side.setWidget(holder)
    side.setFixedWidth(theme.px(theme.SIDE_WIDTH))
    side.setWidgetResizable(True)
    side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    side.setFrameShape(QFrame.Shape.NoFrame)
    side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return side
