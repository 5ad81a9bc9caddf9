"""Where everything stands in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.ui import theme

if TYPE_CHECKING:
    from viewer.ui.window import Window


def arrange(window: Window) -> QScrollArea:
    """Lay out the window's parts; returns the column of panels at its right."""
    side = _side(window)
    pictures = QHBoxLayout()
    pictures.setSpacing(0)
    pictures.addWidget(window.canvas, 1)
    pictures.addWidget(window.compare.picture, 1)
    stage = QVBoxLayout()  # the canvas, and below it what belongs to it
    stage.setSpacing(0)
    stage.addLayout(pictures, 1)
    for bar in (window.compare, window.hint, window.timeline, window.watch):
        stage.addWidget(bar)
    middle = QHBoxLayout()
    middle.setSpacing(0)
    middle.addWidget(window.rail)
    middle.addLayout(stage, 1)
    middle.addWidget(side)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(window.header)
    layout.addWidget(window.message)
    layout.addWidget(window.task)
    layout.addLayout(middle, 1)
    layout.addWidget(window.status)
    return side


def _side(window: Window) -> QScrollArea:
    holder = QWidget()
    holder.setObjectName("side")
    column = QVBoxLayout(holder)
    column.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
    column.setSpacing(12)
    for panel in window.panels:
        column.addWidget(panel)
        panel.setEnabled(False)
    column.addStretch()
    side = QScrollArea()  # for low screens, and for generators with many classes
    side.setWidget(holder)
    side.setFixedWidth(theme.SIDE_WIDTH)
    side.setWidgetResizable(True)
    side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    side.setFrameShape(QFrame.Shape.NoFrame)
    side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return side
