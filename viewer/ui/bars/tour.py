"""A tour in five steps that explains a generator on the picture itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import icon_button, make_button
from viewer.ui.widgets.labels import label

LEAN = 2.0
"""How far the tour moves along the first direction, in standard deviations."""


def _still(state: ViewState) -> ViewState:
    return state.with_mode("grid").with_playing(False).unmoved()


STEPS: tuple[tuple[str, Callable[[ViewState], ViewState]], ...] = (
    (
        "None of these pictures was ever drawn or photographed. A generator, a neural network, makes each one from "
        "random numbers. Roll the die (R) for others.",
        _still,
    ),
    (
        "The numbers behind a picture are its latent. Near latents make similar pictures, so that a walk from one to "
        "the next turns every picture smoothly into another.",
        lambda state: _still(state).with_playing(True),
    ),
    (
        "Some directions among the latents have a meaning: all pictures moved along the first one just now. Try the "
        "sliders of Directions at the right.",
        lambda state: _still(state).with_amount(0, LEAN),
    ),
    (
        "How did it learn that? A second network, the discriminator, learned to tell real pictures from made ones, "
        "while the generator learned to deceive it. Only the generator is needed afterwards.",
        _still,
    ),
    (
        "Your turn: lower Variety for typical pictures, right-click one for all that can be done with it, or choose "
        "Morph, Blend, Write or Draw at the left. The menu has this tour again.",
        _still,
    ),
)
"""The text of each step, and what it shows."""


class TourStrip(QFrame):
    """Stands below the canvas during the tour; hidden otherwise."""

    edited = Signal(str, object)
    """See `Panel.edited`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("hint")  # it looks like the hint
        self._place = 0
        self.number = label("", "title")
        self.text = label("", "plain")
        self.text.setWordWrap(True)
        self.back = make_button(QPushButton, "Back", "Go back to the step of the tour before this one")
        self.next = make_button(QPushButton, "Next", "Go on to the next step of the tour", role="primary")
        self.skip = icon_button("close", "End the tour; the menu has it again")
        column = QVBoxLayout(self)  # so that the text has the whole width of a narrow window
        column.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE // 2)
        said = QHBoxLayout()
        said.setSpacing(theme.SPACE)
        said.addWidget(self.number, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.text, 1)
        column.addLayout(said)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addStretch()
        column.addLayout(row)
        for button in (self.back, self.next, self.skip):
            row.addWidget(button)
        self.back.clicked.connect(lambda: self._go(self._place - 1))
        self.next.clicked.connect(lambda: self._go(self._place + 1))
        self.skip.clicked.connect(self.hide)
        self.hide()

    def begin(self) -> None:
        """Show the first step."""
        self.show()
        self._go(0)

    def _go(self, place: int) -> None:
        if place == len(STEPS):
            self.hide()
            return
        self._place = place
        text, change = STEPS[place]
        self.number.setText(f"{place + 1} of {len(STEPS)}")
        self.text.setText(text)
        self.back.setEnabled(place > 0)
        self.next.setText("Done" if place == len(STEPS) - 1 else "Next")
        self.next.setAccessibleName(self.next.text())
        self.edited.emit("tour", change)
