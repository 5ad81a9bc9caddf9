"""Chooses the seed: typed, the next or previous one, a random one, or one used before."""

from __future__ import annotations

import random
from functools import partial

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton

from viewer.core.state.samples import RANDOM_SEEDS, SEED_MAX, remembered
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import icon_button, make_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.icons import icon


class SeedEdit(QLineEdit):
    """A line for a whole number of up to 19 digits. Escape, or leaving it empty, restores the number from before."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,19}"), self))

    def show_number(self, text: str) -> None:
        """Show a number, unless the user is typing another one."""
        if text != self._shown:
            self._shown = text
            if not (self.hasFocus() and self.isModified()):
                self.setText(text)

    def restore(self) -> None:
        """Show the number from before the user typed."""
        self.setText(self._shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.restore()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if not self.hasAcceptableInput():
            self.restore()
        super().focusOutEvent(event)


class SeedPanel(Panel):
    """Edits the seed."""

    def __init__(self) -> None:
        super().__init__("Seed")
        self.edit = SeedEdit()
        self.edit.setAccessibleName("Seed")
        self.edit.setToolTip(
            "The number that the pictures are made from: type it and press Enter to see the same ones again"
        )
        self.edit.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.previous = icon_button("previous", "Previous seed: go back to the pictures before these", "Left")
        self.next = icon_button("next", "Next seed: see the pictures that come after these", "Right")
        self.any = icon_button("random", "Random seed: see other pictures, to learn what this generator can make", "R")
        self.history = make_button(
            QToolButton,
            "",
            "Seeds used before: go back to pictures that you have seen",
            picture=icon("history", theme.MUTED),
        )
        self.history.setStyleSheet("min-height: 0; padding: 0;")  # no higher than the title beside it
        self.history.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.history.setMenu(self.menu)
        self.head.addWidget(self.history)
        self._used: tuple[int, ...] = ()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.edit, 1)
        for button in (self.previous, self.next, self.any):
            row.addWidget(button)
        self.body.addLayout(row)
        self.edit.editingFinished.connect(self._choose)
        self.edit.returnPressed.connect(self.edit.clearFocus)
        self.previous.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(-1)))
        self.next.clicked.connect(lambda: self.edited.emit("seed", lambda state: state.stepped(1)))
        self.any.clicked.connect(self.roll)

    def show_state(self, state: ViewState) -> None:
        self.edit.show_number(str(state.seed))
        if not state.playing:  # a walk passes through seeds that nobody chose
            self._used = remembered(self._used, state.seed)
        between = 0.0 if state.playing else state.position % 1.0
        self.value.setText(f"{int(between * 100)} % on to the next" if between > 0.0 else "")
        self.previous.setEnabled(state.seed > 0 or state.position > 0.0)
        self.next.setEnabled(state.seed < SEED_MAX)

    def _fill_menu(self) -> None:
        self.menu.clear()
        for seed in self._used:
            self.menu.addAction(str(seed)).triggered.connect(partial(self._take, seed))

    def _take(self, seed: int, _checked: bool = False) -> None:
        self.edited.emit("seed", lambda state: state.with_seed(seed))

    def roll(self) -> None:
        """Choose a random seed."""
        self._take(random.randrange(RANDOM_SEEDS))

    def _choose(self) -> None:
        if self.edit.isModified():
            seed = int(self.edit.text())
            self.edit.restore()  # show_state will show the new seed, limited to the allowed range
            self._take(seed)
