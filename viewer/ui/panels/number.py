"""Writes a number or a word in one hand: that of a seed, or the user's own."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLineEdit, QPushButton

from viewer.core.scene.messages import Opened
from viewer.core.state.number import (
    FULL,
    LINE,
    MOST_CHARACTERS,
    VARIATION_MAX,
    Number,
    as_written,
    cannot_write,
    first_text,
    left_out,
    writes_only_digits,
    written_places,
)
from viewer.core.state.samples import RANDOM_SEEDS
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.panels.hand import HandView
from viewer.ui.widgets.buttons import icon_button, make_button, toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal, literal_tip
from viewer.ui.widgets.sliders import LabelledSlider

COLUMNS = 6
"""Columns of the buttons for single characters."""
STEPS = 100
"""Slider steps per unit of variation."""
OWN_HINT = "Your own hand: draw a digit in Draw, then Keep it in your hand. So can every picture, by its menu."


class NumberEdit(QLineEdit):
    """A line to type into. Enter and Escape give the focus back, so that the window's keys work again."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaxLength(MOST_CHARACTERS)
        self.setToolTip("Type what to write: each character is made in the same handwriting")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class NumberPanel(Panel):
    """Edits the number: its characters, the hand, and variants of single characters."""

    def __init__(self, player: Player) -> None:
        super().__init__("Number")
        self._classes: tuple[str, ...] = ()
        self._refused = False  # whether more was typed or pasted than fits
        self.edit = NumberEdit()
        self.edit.textEdited.connect(self._type)
        self.edit.inputRejected.connect(self._refuse)
        self.previous = icon_button("previous", "Previous hand: go back to the handwriting before", "Left")
        self.next = icon_button("next", "Next hand: try the handwriting of the next seed", "Right")
        self.any = icon_button("random", "Another hand: write the same in a random handwriting", "R")
        self.previous.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(-1)))
        self.next.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(1)))
        self.any.clicked.connect(self._roll)
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        tip = "Begin a new line after a few characters, so that a long text stays large"
        self.lines = toggle_button("Break lines", tip)
        self.lines.clicked.connect(self._break_lines)
        hand = QHBoxLayout()
        hand.setSpacing(theme.SPACE)
        self.hand = label("", "title")
        hand.addWidget(self.hand, 1)
        for button in (self.previous, self.next, self.any):
            hand.addWidget(button)
        places = QGridLayout()
        places.setSpacing(theme.SPACE // 2)
        self.places = [self._place_button(cell) for cell in range(MOST_CHARACTERS)]
        for cell, button in enumerate(self.places):
            places.addWidget(button, cell // COLUMNS, cell % COLUMNS)
        tip = "Take back the variants of single characters, so that all look written by one person"
        self.reset = make_button(QPushButton, "All in one hand", tip)
        self.reset.clicked.connect(lambda: self._edit("one hand", lambda number: number.in_one_hand()))
        self.body.addWidget(self.edit)
        self.body.addWidget(self.note)
        self.body.addWidget(self.lines)
        self.drawn = HandView(player)
        self.drawn.removed.connect(lambda place: self._edit("hand", lambda number: number.without_drawn(place)))
        self.hand.setToolTip(OWN_HINT)
        self.variation = LabelledSlider(
            "Variation", "How much each place differs, so that two equal characters are not copies of each other",
            0, round(VARIATION_MAX * STEPS), 0, lambda value: f"{value / STEPS:.0%}",
        )  # fmt: skip
        self.variation.changed.connect(self._vary)
        self.body.addLayout(hand)
        self.body.addWidget(self.drawn)
        self.body.addWidget(self.variation)
        self.vary = label("Vary one character", "title")
        self.body.addWidget(self.vary)
        self.body.addLayout(places)
        self.body.addWidget(self.reset)
        self._clicked = 0
        self._click = QTimer(self)
        self._click.setSingleShot(True)
        self._click.timeout.connect(lambda: self._reroll_cell(self._clicked))

    def _place_button(self, cell: int) -> QPushButton:
        button = toggle_button(
            "", "Make another variant of this character", name=f"Vary character {cell + 1}", role="class"
        )
        button.clicked.connect(lambda: self._reroll_cell(cell))
        return button

    def show_model(self, opened: Opened) -> None:
        self._classes = opened.info.classes
        name = "Number" if writes_only_digits(self._classes) else "Text"
        self.title.setText(name)
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(first_text(self._classes))
        known = " ".join(name for name in self._classes if len(name) == 1)
        self.note.setToolTip(literal_tip(f"This generator writes {known}"))

    def show_state(self, state: ViewState) -> None:
        number, sentence = state.number, cannot_write(self._classes)
        if state.mode != "number":
            self.ignore_click()
        if self.edit.text() != number.text:
            cursor = self.edit.cursorPosition()
            self.edit.setText(number.text)
            self.edit.setCursorPosition(cursor if self.edit.hasFocus() else len(number.text))
        self.hand.setText("Your hand" if number.drawn else f"Hand {number.seed}")
        self.drawn.show_number(number, self._classes, state.look)
        self.variation.show_value(round(number.variation * STEPS))
        written = () if sentence else written_places(self._classes, number.text)
        self._refused = self._refused and len(number.text) == MOST_CHARACTERS
        too_long = FULL if self._refused else ""
        self.note.setText(sentence or "\n".join(filter(None, (too_long, left_out(self._classes, number.text)))))
        self.note.setVisible(bool(self.note.text()))
        full = f"{MOST_CHARACTERS} of {MOST_CHARACTERS}" if len(number.text) == MOST_CHARACTERS else ""
        self.value.setText("not available" if sentence else full)
        self.lines.setVisible(len(written) > LINE)
        self.lines.setChecked(number.line < MOST_CHARACTERS)
        for cell, button in enumerate(self.places):
            button.setVisible(cell < len(written))
            if cell < len(written):
                character = number.text[written[cell]]
                button.setChecked(number.roll(written[cell]) > 0)
                button.setText(literal(character))
                button.setToolTip(
                    literal_tip(f"Make another {character}, if this one looks wrong; or click it in the picture")
                )
        for widget in (self.edit, self.previous, self.next, self.any, self.variation):
            widget.setEnabled(not sentence)
        self.vary.setVisible(bool(written))
        self.reset.setVisible(bool(written))
        self.reset.setEnabled(bool(number.rolls))

    def click_cell(self, cell: int) -> None:
        """Choose another variant of the character in a cell, unless this is the first click of a double click."""
        self._clicked = cell
        self._click.start(QApplication.doubleClickInterval())

    def ignore_click(self) -> None:
        """Keep the character that was clicked, because a double click only shows it large."""
        self._click.stop()

    def _reroll_cell(self, cell: int) -> None:
        places = written_places(self._classes, self.edit.text())
        if cell < len(places):
            self._edit(f"variant of character {cell + 1}", lambda number: number.rerolled(places[cell]))

    def _type(self, text: str) -> None:
        written = as_written(self._classes, text)
        self._edit("text", lambda number: number.with_text(written))
        if self.edit.text() != written:  # nothing has changed, as with "A" typed over "a"
            cursor = self.edit.cursorPosition()
            self.edit.setText(written)
            self.edit.setCursorPosition(cursor)

    def _refuse(self) -> None:
        """Say that no more characters fit. Qt calls this before it reports the part of a pasted text that does."""
        self._refused = True
        self.note.setText(FULL)
        self.note.show()

    def _break_lines(self, broken: bool) -> None:
        self._edit("lines", lambda number: number.with_line(LINE if broken else MOST_CHARACTERS))

    def _vary(self) -> None:
        variation = self.variation.value / STEPS
        self._edit("variation", lambda number: number.with_variation(variation))

    def _roll(self) -> None:
        seed = random.randrange(RANDOM_SEEDS)
        self.edited.emit("seed", lambda state: state.with_seed(seed))

    def _edit(self, what: str, change: Callable[[Number], Number]) -> None:
        self.edited.emit(what, lambda state: state.with_number(change(state.number)))
