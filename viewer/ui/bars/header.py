"""The bar at the top: the open generator, and buttons for the actions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from viewer.core.run.stages import name_of, shorter_names_of
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import ElidedLabel, label
from viewer.ui.widgets.literal import literal_tip

LEAST_FOR_NAME = 160
"""Width in pixels that is kept for the generator's name; the buttons lose their texts first."""


class Header(QWidget):
    """Has a button for each action. Buttons of low priority, and all in a narrow window, show no text."""

    def __init__(self, actions: list[QAction], menus: dict[QAction, QMenu]) -> None:
        """menus: opened by the buttons of these actions; of an action with keys, by the arrow beside the button."""
        super().__init__()
        self.setObjectName("header")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # keeps its height in low windows
        self.model = ElidedLabel()
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE // 2)
        brand = QHBoxLayout()
        brand.setSpacing(0)
        for text, accented in (("digit", False), ("forge", True)):
            part = label(text, "brand")
            part.setProperty("accented", accented)
            brand.addWidget(part)
        row.addLayout(brand)
        row.addSpacing(2 * theme.SPACE)
        row.addWidget(self.model, 1)
        self.buttons: list[QToolButton] = []
        for action in actions:
            button = make_button(QToolButton, name=action.text(), picture=action.icon(), picture_side=18)
            button.setDefaultAction(action)
            if (menu := menus.get(action)) is not None:
                button.setMenu(menu)
                opens = QToolButton.ToolButtonPopupMode.MenuButtonPopup
                button.setPopupMode(opens if action.shortcuts() else QToolButton.ToolButtonPopupMode.InstantPopup)
            self.buttons.append(button)
            row.addWidget(button)
        self._whole = 0
        self._show_texts(True)

    def show_model(self, path: Path | None) -> None:
        """Name the generator's file, or say that none is open."""
        if path is None:
            self.model.show_text("No generator is open")
        else:
            self.model.show_text(name_of(path), shorter_names_of(path) or (path.name,))
        self.model.setToolTip("" if path is None else literal_tip(str(path)))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())  # the header never keeps the window wide

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._whole = max(self._whole, self._row.minimumSize().width() + LEAST_FOR_NAME)
        self._show_texts(self.width() >= self._whole)

    def _show_texts(self, shown: bool) -> None:
        for button in self.buttons:
            small = not shown or button.defaultAction().priority() == QAction.Priority.LowPriority
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly if small else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
