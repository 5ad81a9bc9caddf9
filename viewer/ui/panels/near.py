"""Explores the neighbourhood of a picture, or the mixes of two."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from viewer.core.draw.shape import cannot_shape
from viewer.core.scene.messages import Opened
from viewer.core.state.near import RADIUS_RANGE, START_RADIUS
from viewer.core.state.view_state import ViewState
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import LabelledSlider

STEPS = 100
"""Slider steps per standard deviation."""
ONE = (
    "The picture is in the middle; opposite sides change it in opposite ways. Click one that you like better to go on "
    "from there."
)
TWO = (
    "The parents are in two corners. To the right, children take the strongest traits of the second parent, and "
    "downwards its other ones. Click a child to go on from it."
)
NONE = "Choose More like this in the menu of a picture (right button)."


class NearPanel(Panel):
    """Edits how far the neighbours are, and goes back."""

    def __init__(self) -> None:
        super().__init__("More like this")
        self._reason = ""
        low, high = (round(limit * STEPS) for limit in RADIUS_RANGE)
        self.radius = LabelledSlider(
            "How far", "How far the pictures around it are from the one in the middle", low, high,
            round(START_RADIUS * STEPS), lambda value: f"{value / STEPS:.2f}",
        )  # fmt: skip
        self.radius.changed.connect(self._choose)
        self.back = make_button(
            QPushButton, "Back", "Go back to the picture that was in the middle before", picture=icon("previous")
        )
        self.back.clicked.connect(self._go_back)
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        self.body.addWidget(self.radius)
        self.body.addWidget(self.note)
        self.body.addWidget(self.back)

    def show_model(self, opened: Opened) -> None:
        self._reason = cannot_shape(opened.info)

    def show_state(self, state: ViewState) -> None:
        near = state.near
        self.title.setText("Two pictures mixed" if near.mixes else "More like this")
        self.radius.setVisible(not near.mixes)
        self.radius.show_value(round(near.radius * STEPS))
        self.radius.setEnabled(bool(near.parents) and not self._reason)
        steps = len(near.trail)
        self.back.setEnabled(steps > 0)
        self.value.setText("" if not steps else f"{steps} {'step' if steps == 1 else 'steps'} gone")
        self.note.setText(self._reason or (TWO if near.mixes else ONE if near.parents else NONE))

    def _choose(self) -> None:
        radius = self.radius.value / STEPS
        self.edited.emit("how far", lambda state: state.with_near(state.near.with_radius(radius)))

    def _go_back(self) -> None:
        self.edited.emit("back", lambda state: state.with_near(state.near.back()))
