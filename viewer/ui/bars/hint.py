"""A tour and three things to try when the viewer starts for the first time."""

from __future__ import annotations

import random

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from viewer.core.scene.messages import Opened
from viewer.core.state.history import follows_hint
from viewer.core.state.number import cannot_write
from viewer.core.state.samples import RANDOM_SEEDS
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.bars.timeline import MODES
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import ElidedLabel

DRAG = "Drag a picture to the timeline"
SEEDLESS = ("draw", "near")
"""The modes in which another seed changes nothing."""


class HintStrip(QFrame):
    """Stands below the canvas until the user has tried one of them or closed the strip."""

    edited = Signal(str, object)
    """See `Panel.edited`."""
    tour_wanted = Signal()
    """The user asked for the tour."""
    done = Signal()
    """The hint is not needed any more."""

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self.setObjectName("hint")
        self._state = state
        tip = "See other pictures, made from a random seed"
        die, pen = icon("random", theme.ACCENT), icon("number", theme.ACCENT)
        self.roll = make_button(QToolButton, "Roll the die", tip, "R", picture=die, picture_side=18)
        self.drag = ElidedLabel(DRAG, only_whole=True)
        tip = "Write a number or a word, all in one handwriting"
        self.write = make_button(QToolButton, "Write", tip, "Alt+4", picture=pen, picture_side=18)
        tip = "Learn in five steps what a generator is, on the picture itself"
        self.tour = make_button(QToolButton, "Take a tour", tip, picture=icon("path", theme.ACCENT), picture_side=18)
        self.close_button = make_button(
            QToolButton,
            "",
            "Close this hint; it does not come back",
            picture=icon("close", theme.MUTED),
            picture_side=18,
        )
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.tour)
        row.addWidget(self.roll)
        row.addWidget(self.write)
        row.addWidget(self.drag, 1)
        row.addWidget(self.close_button)
        self._whole = 0
        self._show_texts(True)
        self.tour.clicked.connect(self.tour_wanted)
        self.roll.clicked.connect(self._roll)
        self.write.clicked.connect(lambda: self.edited.emit("mode", lambda state: state.with_mode("number")))
        self.close_button.clicked.connect(self.done)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())  # the hint never keeps the window wide

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._whole = max(self._whole, self._row.minimumSize().width())
        self._show_texts(self.width() >= self._whole)

    def _show_texts(self, shown: bool) -> None:
        styles = Qt.ToolButtonStyle
        for button in (self.tour, self.roll, self.write):
            button.setToolButtonStyle(styles.ToolButtonTextBesideIcon if shown else styles.ToolButtonIconOnly)

    def show_model(self, opened: Opened) -> None:
        """Offer to write only with a generator that can."""
        self.write.setVisible(not cannot_write(opened.info.classes))

    def show_state(self, state: ViewState) -> None:
        """Compare the state with the one before, to see whether one of the three was tried."""
        before, self._state = self._state, state
        self.drag.setText(DRAG if state.mode in MODES else "")
        self.roll.setVisible(state.mode not in SEEDLESS)
        if self.isVisible() and follows_hint(before, state):
            self.done.emit()

    def _roll(self) -> None:
        seed = random.randrange(RANDOM_SEEDS)
        self.edited.emit("seed", lambda state: state.with_seed(seed))
