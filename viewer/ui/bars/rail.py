"""The bar at the left, which chooses the mode and shows how the bundled generator learned."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from export.contract import GeneratorInfo
from viewer.core.draw.search import cannot_draw
from viewer.core.draw.shape import cannot_shape
from viewer.core.run.stages import is_bundled
from viewer.core.scene.entering import entered
from viewer.core.scene.messages import Opened
from viewer.core.state.number import cannot_write
from viewer.core.state.view_state import MODES, ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon

NAMES = {
    "grid": "Grid",
    "path": "Morph",
    "pad": "Blend",
    "number": "Write",
    "draw": "Draw",
    "near": "Vary",
    "map": "Map",
}
TIPS = {
    "grid": "See many samples at once, to learn what this generator makes",
    "path": "Morph samples into each other, along keyframes",
    "pad": "Blend three or four samples, by moving a point between them",
    "number": "Write a number or a word, all in one handwriting",
    "draw": "Draw a digit, or bring a photograph of one, and see the nearest that the generator can make",
    "near": "See variations of one picture, and go on from the one that you like best",
    "map": "See 1,000 samples at once, those that are alike beside each other",
}
WIDTH = 80
"""Width of the bar in pixels."""


class Rail(QWidget):
    """A button for each mode and, below them, one for the training of the bundled generator."""

    edited = Signal(str, object)
    """See `Panel.edited`."""
    training_wanted = Signal(bool)
    """The user asked to see the training, or to leave it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(theme.px(WIDTH))
        self._info: GeneratorInfo | None = None
        self.group = QButtonGroup(self)
        self._whole = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, 2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE)
        column.setSpacing(theme.SPACE)
        for place, mode in enumerate(MODES):
            keys = f"Alt+{place + 1}"
            button = _tall_button(mode, NAMES[mode], TIPS[mode], keys)
            button.setShortcut(keys)
            self.group.addButton(button, place)
            column.addWidget(button)
        column.addStretch()
        self.training = _tall_button("training", "Training", "See how this generator learned, from noise to digits")
        self.training.clicked.connect(self.training_wanted)
        self.training.hide()
        column.addWidget(self.training)
        self.group.idClicked.connect(self._choose)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)  # the bar never keeps the window high

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._whole = max(self._whole, super().minimumSizeHint().height())
        self._show_texts(self.height() >= self._whole)

    def _show_texts(self, shown: bool) -> None:
        styles = Qt.ToolButtonStyle
        for button in self.findChildren(QToolButton):
            button.setToolButtonStyle(styles.ToolButtonTextUnderIcon if shown else styles.ToolButtonIconOnly)
            if button.property("low") != (not shown):
                button.setProperty("low", not shown)
                button.style().polish(button)

    def show_state(self, state: ViewState) -> None:
        """Check the button of the mode."""
        self.group.button(MODES.index(state.mode)).setChecked(True)

    def show_model(self, opened: Opened) -> None:
        """Offer to write, draw and vary only with a generator that can, and the training only with the bundled one."""
        self._info = opened.info
        self.group.button(MODES.index("number")).setVisible(not cannot_write(opened.info.classes))
        self.training.setVisible(is_bundled(opened.path))
        self.group.button(MODES.index("draw")).setVisible(not cannot_draw(opened.info))
        self.group.button(MODES.index("near")).setVisible(not cannot_shape(opened.info))

    def _choose(self, place: int) -> None:
        if (info := self._info) is not None:
            self.edited.emit("mode", lambda state: entered(info, state, MODES[place]))


def _tall_button(picture: str, name: str, tip: str, keys: str = "") -> QToolButton:
    """Return a button that stays down, with its name below its icon."""
    pictured = icon(picture, theme.MUTED, theme.ACCENT)
    button = make_button(QToolButton, name, tip, keys, role="mode", picture=pictured, picture_side=24)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setCheckable(True)
    button.setFixedWidth(theme.px(WIDTH) - 2 * theme.SPACE)
    return button
