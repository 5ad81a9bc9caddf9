"""The pieces that panels are made of."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.scene.requests import Opened
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon

HANDLE_WIDTH = 16
"""Pixels, as the theme draws it."""


def label(text: str, role: str) -> QLabel:
    """A line of text in one of the theme's roles: title, value, muted."""
    result = QLabel(text)
    result.setProperty("role", role)
    return result


class ElidedLabel(QLabel):
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


class FoldingPanel(Panel):
    """A panel that starts folded. Controls go into `inside`, which the button in the head shows and hides."""

    def __init__(self, title: str, tip: str) -> None:
        """tip: the tooltip of the button."""
        super().__init__(title)
        self.toggle = make_button(QToolButton, "", tip, name=f"Show {title.lower()}", role="fold")
        self.toggle.setIconSize(QSize(18, 18))
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._unfold)
        self.head.addWidget(self.toggle)
        self._contents = QWidget()
        self.inside = QVBoxLayout(self._contents)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(theme.SPACE)
        self.body.addWidget(self._contents)
        self._unfold(False)

    def _unfold(self, unfolded: bool) -> None:
        self.toggle.setIcon(icon("collapse" if unfolded else "expand", theme.MUTED))
        self._contents.setVisible(unfolded)


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

    def show_maximum(self, highest: int) -> None:
        """Change the range, and the value where it is out of it, without emitting a signal."""
        with QSignalBlocker(self):
            self.setMaximum(highest)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Bring the handle under the pointer, where the base class takes it up."""
        if event.button() == Qt.MouseButton.LeftButton:
            x, room = round(event.position().x()) - HANDLE_WIDTH // 2, self.width() - HANDLE_WIDTH
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, room))
        super().mousePressEvent(event)
