"""Writes a number in one hand: every character comes from the same latent."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton

from viewer.core.scene.messages import Opened
from viewer.core.state.number import MOST_CHARACTERS, Number, cannot_write, left_out, written_places
from viewer.core.state.samples import RANDOM_SEEDS
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import icon_button, make_button, toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal

COLUMNS = 6
"""Columns of the buttons for single characters."""


class NumberEdit(QLineEdit):
    """A line to type into. Enter and Escape give the focus back, so that the window's keys work again."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaxLength(MOST_CHARACTERS)
        self.setAccessibleName("Number")
        self.setToolTip("Type what to write: each character is made in the same handwriting")
        self.setPlaceholderText("2026")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class NumberPanel(Panel):
    """Edits the number: its characters, the hand, and variants of single characters."""

    def __init__(self) -> None:
        super().__init__("Number")
        self._classes: tuple[str, ...] = ()
        self.edit = NumberEdit()
        self.edit.textEdited.connect(lambda text: self._edit("number", lambda number: number.with_text(text)))
        self.previous = icon_button("previous", "Previous hand: go back to the handwriting before", "Left")
        self.next = icon_button("next", "Next hand: try the handwriting of the next seed", "Right")
        self.any = icon_button("random", "Another hand: write the same in a random handwriting", "R")
        self.previous.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(-1)))
        self.next.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(1)))
        self.any.clicked.connect(self._roll)
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        hand = QHBoxLayout()
        hand.setSpacing(theme.SPACE)
        self.hand = label("", "title")
        hand.addWidget(self.hand, 1)
        for button in (self.previous, self.next, self.any):
            hand.addWidget(button)
        places = QGridLayout()
        places.setSpacing(theme.SPACE // 2)
        self.places = [self._place_button(place) for place in range(MOST_CHARACTERS)]
        for place, button in enumerate(self.places):
            places.addWidget(button, place // COLUMNS, place % COLUMNS)
        tip = "Take back the variants of single characters, so that all look written by one person"
        self.reset = make_button(QPushButton, "All in one hand", tip)
        self.reset.clicked.connect(lambda: self._edit("one hand", lambda number: number.in_one_hand()))
        self.body.addWidget(self.edit)
        self.body.addWidget(self.note)
        self.body.addLayout(hand)
        self.vary = label("Vary one character", "title")
        self.body.addWidget(self.vary)
        self.body.addLayout(places)
        self.body.addWidget(self.reset)

    def _place_button(self, place: int) -> QPushButton:
        button = toggle_button(
            "", "Make another variant of this character", name=f"Vary character {place + 1}", role="class"
        )
        button.clicked.connect(lambda: self.reroll(place))
        return button

    def show_model(self, opened: Opened) -> None:
        self._classes = opened.info.classes

    def show_state(self, state: ViewState) -> None:
        number, sentence = state.number, cannot_write(self._classes)
        if self.edit.text() != number.text:
            self.edit.setText(number.text)
        self.hand.setText(f"Hand {number.seed}")
        written = () if sentence else written_places(self._classes, number.text)
        self.note.setText(sentence or left_out(self._classes, number.text))
        self.note.setVisible(bool(self.note.text()))
        self.value.setText("not available" if sentence else "")
        for place, button in enumerate(self.places):
            button.setVisible(place in written)
            button.setChecked(number.roll(place) > 0)
            if place in written:
                button.setText(literal(number.text[place]))
                button.setToolTip(
                    f"Make another {number.text[place]}, if this one looks wrong; or click it in the picture"
                )
        for widget in (self.edit, self.previous, self.next, self.any):
            widget.setEnabled(not sentence)
        self.vary.setVisible(bool(written))
        self.reset.setVisible(bool(written))
        self.reset.setEnabled(bool(number.rolls))

    def reroll(self, place: int) -> None:
        """Choose another variant of a character."""
        self._edit(f"variant of character {place + 1}", lambda number: number.rerolled(place))

    def reroll_cell(self, cell: int) -> None:
        """Choose another variant of the character in a cell of the picture."""
        places = written_places(self._classes, self.edit.text())
        if cell < len(places):
            self.reroll(places[cell])

    def _roll(self) -> None:
        seed = random.randrange(RANDOM_SEEDS)
        self.edited.emit("seed", lambda state: state.with_seed(seed))

    def _edit(self, what: str, change: Callable[[Number], Number]) -> None:
        self.edited.emit(what, lambda state: state.with_number(change(state.number)))
