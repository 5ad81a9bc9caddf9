"""The pieces that panels are made of."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QStyle, QVBoxLayout

from viewer.core.scene.requests import Opened
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.icons import icon

HANDLE_WIDTH = 16
"""Pixels, as the theme draws it."""


def label(text: str, role: str) -> QLabel:
    """A line of text in one of the theme's roles: title, value, muted."""
    result = QLabel(text)
    result.setProperty("role", role)
    return result


def icon_button(name: str, description: str, shortcut: str = "") -> QPushButton:
    """A button with a picture; its description is its accessible name and, with the key, its tooltip.

    Buttons and sliders take the focus by Tab alone: after a click the window's own keys go on working.
    """
    button = QPushButton()
    button.setIcon(icon(name))
    button.setIconSize(QSize(20, 20))
    button.setProperty("role", "icon")
    button.setAccessibleName(description)
    button.setToolTip(f"{description} ({shortcut})" if shortcut else description)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class Elided(QLabel):
    """A line that is cut at its end where it has no room."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what there is room for."""
        painter = QPainter(self)
        painter.setPen(theme.MUTED)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class Card(QFrame):
    """A titled box with room for a value beside the title; controls go into `body`."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.value = label("", "value")
        self.head = QHBoxLayout()
        self.title = label(title, "title")
        self.head.addWidget(self.title)
        self.head.addStretch()
        self.head.addWidget(self.value)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(2 * theme.SPACE, 12, 2 * theme.SPACE, 14)
        self.body.setSpacing(theme.SPACE)
        self.body.addLayout(self.head)


class Panel(Card):
    """A card that shows a part of the state and offers to change it."""

    edited = Signal(str, object)
    """What is changed, as the undo menu calls it, and how: a function from a ViewState to the one after."""

    def show_state(self, state: ViewState) -> None:
        """Show a state; nothing is emitted."""

    def show_model(self, opened: Opened) -> None:
        """Offer what this generator can do; nothing is emitted."""


class Slider(QSlider):
    """A horizontal slider that goes to where it is clicked and can be dragged from there."""

    def __init__(self, lowest: int, highest: int, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(lowest, highest)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_value(self, value: int) -> None:
        """Move the handle without telling anybody: what is only shown was not chosen here."""
        with QSignalBlocker(self):
            self.setValue(value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Bring the handle under the pointer, where the base class takes it up."""
        if event.button() == Qt.MouseButton.LeftButton:
            x, room = round(event.position().x()) - HANDLE_WIDTH // 2, self.width() - HANDLE_WIDTH
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, room))
        super().mousePressEvent(event)
