"""Sliders along the directions in latent space that change the pictures most."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QWidget

from digitforge.bundled import BUNDLED_MODELS
from viewer.core.scene.directions import LONGEST_NAME, MOST, numbered
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import AMOUNT_MAX, ViewState
from viewer.engine.finder import Finder
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import FoldingPanel
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider

FIRST = 6
"""Number of directions that are shown before More is clicked."""
WAITING = "Looking for what changes the pictures most …"
NONE = "This generator's pictures hardly change with its latents."
FAILED = "The directions of this generator could not be computed."
STEPS = 10
"""Slider steps per standard deviation."""
NAME_WIDTH, AMOUNT_WIDTH = 12 * theme.SPACE, 4 * theme.SPACE


class NameEdit(QLineEdit):
    """A name that can be edited in place. Escape restores the name from before."""

    renamed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "name")
        self.setMaxLength(LONGEST_NAME)
        self.setFixedWidth(theme.px(NAME_WIDTH))
        self.setToolTip("Click to give this direction a name of your own, once you see what it changes")
        self._shown = ""
        self.editingFinished.connect(self._finish)
        self.returnPressed.connect(self.clearFocus)

    def show_name(self, name: str) -> None:
        """Show a name."""
        self._shown = name
        self.setText(name)
        self.setCursorPosition(0)

    def _finish(self) -> None:
        if self.text() != self._shown:
            self.renamed.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class Row(QWidget):
    """The name, the slider and the amount of one direction."""

    moved = Signal(float)
    """The new amount, in standard deviations."""

    def __init__(self) -> None:
        super().__init__()
        self.name = NameEdit()
        highest = round(AMOUNT_MAX * STEPS)
        self.slider = Slider(-highest, highest, "", "", 0)
        self.slider.setProperty("role", "centred")
        self.slider.setPageStep(STEPS)
        self.slider.valueChanged.connect(lambda place: self.moved.emit(place / STEPS))
        self._amount = label("", "muted")
        self._amount.setFixedWidth(theme.px(AMOUNT_WIDTH))
        self._amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.name)
        row.addWidget(self.slider, 1)
        row.addWidget(self._amount)

    def show_name(self, name: str) -> None:
        """Show the name of the direction."""
        self.name.show_name(name)
        self.name.setAccessibleName(f"Name of {name}")
        self.slider.setAccessibleName(name)
        self.slider.show_tip(f"Change only “{name}” in all pictures, to see what it does")

    def show_amount(self, amount: float) -> None:
        """Show the amount, in standard deviations."""
        self.slider.show_value(round(amount * STEPS))
        self._amount.setText(f"{amount:+.1f}".replace("-", "−") if amount else "0")


class DirectionsPanel(FoldingPanel):
    """Edits the amounts. The directions are computed when the panel is unfolded for the first time.

    Those of the bundled generators come with them, so that the panel unfolds itself.
    """

    def __init__(self, finder: Finder) -> None:
        tip = "Show sliders for what changes this generator's pictures most, such as slant, width or stroke"
        super().__init__("Directions", tip, main=True)
        self._unfolds = True
        self._finder = finder
        self._more = False
        self.rows = [Row() for _ in range(MOST)]
        self.inside.setSpacing(theme.SPACE // 2)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(theme.SPACE // 2)
        self.progress.setAccessibleName("Looking for directions")
        self._note = label("", "muted")
        self._note.setWordWrap(True)
        self.inside.addWidget(self._note)
        self.inside.addWidget(self.progress)
        for place, row in enumerate(self.rows):
            self.inside.addWidget(row)
            row.moved.connect(lambda amount, place=place: self._choose(place, amount))
            row.name.renamed.connect(lambda name, place=place: finder.rename(place, name))
        self.more = make_button(QPushButton, "More", "Show all directions, also those that change less")
        self.reset = make_button(
            QPushButton, "Reset", "Set all directions back to 0, to see the pictures as they were made"
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.more)
        buttons.addWidget(self.reset)
        self.inside.addLayout(buttons)
        self.more.clicked.connect(self._show_more)
        self.reset.clicked.connect(lambda: self.edited.emit("directions", lambda state: replace(state, amounts=())))
        finder.progressed.connect(self._show_progress)
        finder.found.connect(self._show_found)
        finder.forgot.connect(self._show_found)
        finder.failed.connect(self._show_failed)
        self.toggle.toggled.connect(self._find)
        self._show_found()

    def show_model(self, opened: Opened) -> None:
        if self._unfolds and opened.path.parent == BUNDLED_MODELS:
            self._unfolds = False  # only once: whoever folds it wants it folded
            self.toggle.setChecked(True)

    def show_state(self, state: ViewState) -> None:
        if state.amounts and self._finder.directions is None:  # from a recipe, say
            self._finder.want()
        self.reset.setEnabled(bool(state.amounts))
        used = sum(amount != 0.0 for amount in state.amounts)
        self.value.setText(f"{used} in use" if used else "")
        for place, row in enumerate(self.rows):
            row.show_amount(state.amounts[place] if place < len(state.amounts) else 0.0)

    def _find(self, unfolded: bool) -> None:
        if unfolded:
            self._finder.want()

    def _choose(self, place: int, amount: float) -> None:
        self.edited.emit(self.rows[place].slider.accessibleName(), lambda state: state.with_amount(place, amount))

    def _show_more(self) -> None:
        self._more = not self._more
        self.more.setText("Fewer" if self._more else "More")
        self._show_found()

    def _show_progress(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _show_found(self) -> None:
        directions = self._finder.directions
        names = () if directions is None else directions.names
        for place, row in enumerate(self.rows):
            row.show_name(names[place] if place < len(names) else numbered(place))
            row.setVisible(place < len(names) and (self._more or place < FIRST))
        self.more.setVisible(len(names) > FIRST)
        self.reset.setVisible(bool(names))
        self.progress.setVisible(directions is None)
        self.progress.setValue(0)
        self._show_note("" if names else WAITING if directions is None else NONE)
        if directions is None and self.toggle.isChecked():
            self._finder.want()

    def _show_failed(self) -> None:
        self.progress.hide()
        self._show_note(FAILED)

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
