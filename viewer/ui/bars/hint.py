"""Three things to try when the viewer starts for the first time."""

from __future__ import annotations

import random

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from viewer.core.scene.messages import Opened
from viewer.core.state.history import follows_hint
from viewer.core.state.number import cannot_write
from viewer.core.state.samples import RANDOM_SEEDS
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import ElidedLabel, label


class HintStrip(QFrame):
    """Stands below the canvas until the user has tried one of them or closed the strip."""

    edited = Signal(str, object)
    """See `Panel.edited`."""
    done = Signal()
    """The hint is not needed any more."""

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self.setObjectName("hint")
        self._state = state
        tip = "See other pictures, made from a random seed"
        die, pen = icon("random", theme.ACCENT), icon("number", theme.ACCENT)
        self.roll = make_button(QToolButton, "Roll the die", tip, "R", picture=die, picture_side=18)
        self.drag = ElidedLabel("Drag a picture to the timeline")
        tip = "Write a number or a word, all in one handwriting"
        self.write = make_button(QToolButton, "Type a number", tip, "Alt+4", picture=pen, picture_side=18)
        for button in (self.roll, self.write):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.close_button = make_button(
            QToolButton,
            "",
            "Close this hint; it does not come back",
            picture=icon("close", theme.MUTED),
            picture_side=18,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(label("Try", "title"))
        row.addWidget(self.roll)
        row.addWidget(self.write)
        row.addWidget(self.drag, 1)
        row.addWidget(self.close_button)
        self.roll.clicked.connect(self._roll)
        self.write.clicked.connect(lambda: self.edited.emit("mode", lambda state: state.with_mode("number")))
        self.close_button.clicked.connect(self.done)

    def show_model(self, opened: Opened) -> None:
        """Offer to write only with a generator that can."""
        self.write.setVisible(not cannot_write(opened.info.classes))

    def show_state(self, state: ViewState) -> None:
        """Compare the state with the one before, to see whether one of the three was tried."""
        before, self._state = self._state, state
        if self.isVisible() and follows_hint(before, state):
            self.done.emit()

    def _roll(self) -> None:
        seed = random.randrange(RANDOM_SEEDS)
        self.edited.emit("seed", lambda state: state.with_seed(seed))
