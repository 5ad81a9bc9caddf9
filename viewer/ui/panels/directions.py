"""Sliders along directions in latent space: measured ones, the user's own, and those that change the pictures most."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from digitforge.bundled import BUNDLED_MODELS
from viewer.core.scene.directions import MOST, Named, numbered
from viewer.core.scene.messages import Opened
from viewer.core.scene.quantities import QUANTITIES
from viewer.core.state.shifts import AMOUNT_MAX, LONGEST_NAME
from viewer.core.state.view_state import ViewState
from viewer.engine.finder import Finder
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import FoldingPanel
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal_tip
from viewer.ui.widgets.sliders import Slider

FIRST = 6
"""Number of directions that are shown before More is clicked."""
WAITING = "Looking for what changes the pictures most …"
NONE = "This generator's pictures hardly change with its latents."
FAILED = "The directions of this generator could not be computed."
RENAME = "Click to give this direction a name of your own, once you see what it changes"
RENAME_OWN = "Click to rename this direction of your own; an empty name removes it"
KEEP = "This direction came with a picture. Click and change its name to keep it with the generator"
STEPS = 10
"""Slider steps per standard deviation."""
NAME_WIDTH, AMOUNT_WIDTH = 15 * theme.SPACE, 4 * theme.SPACE


class NameEdit(QLineEdit):
    """A name that can be edited in place. Escape restores the name from before."""

    renamed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "name")
        self.setMaxLength(LONGEST_NAME)
        self.setFixedWidth(theme.px(NAME_WIDTH))
        self._shown = ""
        self.editingFinished.connect(self._finish)
        self.returnPressed.connect(self.clearFocus)

    def show_name(self, name: str, tip: str) -> None:
        """Show a name. tip: what a new one does."""
        self.setToolTip(literal_tip(tip))
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

    def show_name(self, name: str, tip: str = "", naming: str = RENAME) -> None:
        """Show the name of the direction. tip: what the slider does; naming: what a new name does."""
        self.name.show_name(name, naming)
        self.name.setAccessibleName(f"Name of {name}")
        self.slider.setAccessibleName(name)
        self.slider.show_tip(tip or f"Change only “{name}” in all pictures, to see what it does")

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
        self._state = ViewState()
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
        self._named: list[Named] = []
        self.named_rows: list[Row] = []
        """Rows of `_named`, and hidden ones."""
        self._above = QVBoxLayout()
        self._above.setSpacing(theme.SPACE // 2)
        self.inside.addLayout(self._above)
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
        self.reset.clicked.connect(lambda: self.edited.emit("directions", lambda state: state.unmoved()))
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
        self.reset.setEnabled(bool(state.amounts or state.shifts))
        used = sum(amount != 0.0 for amount in state.amounts) + len(state.shifts)
        self.value.setText(f"{used} in use" if used else "")
        self._state = state
        self._show_rows()
        for place, row in enumerate(self.rows):
            row.show_amount(state.amounts[place] if place < len(state.amounts) else 0.0)
        amounts = {shift.vector: shift.amount for shift in state.shifts}
        for row, one in zip(self.named_rows, self._named, strict=False):
            row.show_amount(amounts.get(one.vector, 0.0))

    def _find(self, unfolded: bool) -> None:
        if unfolded:
            self._finder.want()

    def _choose_named(self, place: int, amount: float) -> None:
        one = self._named[place]
        self.edited.emit(one.name, lambda state: state.with_shift(one.name, one.vector, amount))

    def _choose(self, place: int, amount: float) -> None:
        self.edited.emit(self.rows[place].slider.accessibleName(), lambda state: state.with_amount(place, amount))

    def _show_more(self) -> None:
        self._more = not self._more
        self.more.setText("Fewer" if self._more else "More")
        self._show_rows()

    def _show_progress(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _show_found(self) -> None:
        directions = self._finder.directions
        names = () if directions is None else directions.names
        for place, row in enumerate(self.rows):
            alike = None if directions is None or place >= len(names) else directions.alike(place)
            tip = f"Change what the pictures change most; much like “{alike.name}”" if alike else ""
            row.show_name(names[place] if place < len(names) else numbered(place), tip)
        self._show_rows()
        self.progress.setVisible(directions is None)
        self.progress.setValue(0)
        self._show_note("" if names else WAITING if directions is None else NONE)
        if directions is None and self.toggle.isChecked():
            self._finder.want()

    def _show_rows(self) -> None:
        """Show the rows that there are: those with names first, and principal ones up to FIRST unless all are wanted.

        A principal one that is like a measured one is left out, but not while a picture uses it.
        """
        directions, amounts = self._finder.directions, self._state.amounts
        known = [] if directions is None else list(directions.named or ())
        vectors = {one.vector for one in known}
        named = known + [Named(shift.name, shift.vector) for shift in self._state.shifts if shift.vector not in vectors]
        if named != self._named:
            self._named = named
            self._show_named(len(known))
        left = max(0, FIRST - len(named))
        shown = 0
        for place, row in enumerate(self.rows):
            there = directions is not None and place < len(directions.names)
            used = place < len(amounts) and amounts[place] != 0.0
            first = shown < left and (directions is None or not there or directions.alike(place) is None)
            visible = there and (self._more or used or first)
            shown += visible
            row.setVisible(visible)
        count = 0 if directions is None else len(directions.names)
        self.more.setVisible(self._more or shown < count)
        self.reset.setVisible(bool(count or named))

    def _show_named(self, known: int) -> None:
        for place in range(len(self.named_rows), len(self._named)):
            row = Row()
            row.moved.connect(lambda amount, place=place: self._choose_named(place, amount))
            row.name.renamed.connect(lambda name, place=place: self._finder.name(self._named[place].vector, name))
            self._above.addWidget(row)
            self.named_rows.append(row)
        for place, row in enumerate(self.named_rows):
            row.setVisible(place < len(self._named))
            if place < len(self._named):
                one = self._named[place]
                naming = RENAME if one.quantity else RENAME_OWN if place < known else KEEP
                row.show_name(one.name, _tip(one), naming)

    def _show_failed(self) -> None:
        self.progress.hide()
        self._show_note(FAILED)

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))


def _tip(one: Named) -> str:
    """Return what a slider does, in plain words."""
    if not one.quantity:
        return f"Change only “{one.name}” in all pictures, to see what it does"
    return (
        f"Change {QUANTITIES[one.quantity]}. Pictures of the same class differ in it, and this direction explains "
        f"{round(100 * one.explained)} % of that"
    )
