"""The bar at the top: the name, the open generator, and what can be done with files."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.ui import theme
from viewer.ui.card import label


class Header(QWidget):
    """A button for each action; those of low priority have no text beside their icon."""

    def __init__(self, actions: list[QAction]) -> None:
        super().__init__()
        self.setObjectName("header")
        name = QLabel(f'digit<span style="color:{theme.ACCENT.name()}">forge</span>')
        name.setStyleSheet("font-size: 18px; font-weight: 700;")
        self.model = label("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, 10, 2 * theme.SPACE, 10)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(name)
        row.addSpacing(2 * theme.SPACE)
        row.addWidget(self.model, 1)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            small = action.priority() == QAction.Priority.LowPriority
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly if small else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
            button.setIconSize(QSize(18, 18))
            button.setAccessibleName(action.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
