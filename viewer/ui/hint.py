"""Three things to try, at the very first start."""

from __future__ import annotations

import random

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from viewer.core.hint import tried
from viewer.core.samples import RANDOM_SEEDS
from viewer.core.state import ViewState
from viewer.ui import theme
from viewer.ui.card import label
from viewer.ui.icons import icon


class HintStrip(QFrame):
    """Below the canvas until one of them was tried, or the strip closed; never again after that."""

    edited = Signal(str, object)
    """As a panel's."""
    done = Signal()

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self.setObjectName("hint")
        self._state = state
        self.roll = _button("random", "Roll the die (R)", "Other pictures: a random seed")
        self.drag = label("Drag a picture to the timeline below", "muted")
        self.write = _button("number", "Type a number", "Write a number in one hand (Alt+4)")
        self.close_button = _button("close", "", "Close this hint")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(label("Try", "title"))
        for widget in (self.roll, self.drag, self.write):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self.close_button)
        self.roll.clicked.connect(self._roll)
        self.write.clicked.connect(lambda: self.edited.emit("mode", lambda state: state.with_mode("number")))
        self.close_button.clicked.connect(self.done)

    def show_state(self, state: ViewState) -> None:
        """Look at what somebody did."""
        before, self._state = self._state, state
        if self.isVisible() and tried(before, state):
            self.done.emit()

    def _roll(self) -> None:
        seed = random.randrange(RANDOM_SEEDS)
        self.edited.emit("seed", lambda state: state.with_seed(seed))


def _button(name: str, text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name, theme.ACCENT if text else theme.MUTED))
    button.setIconSize(QSize(18, 18))
    button.setText(text)
    style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
    button.setToolButtonStyle(style)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
