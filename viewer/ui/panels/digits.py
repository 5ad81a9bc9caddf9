"""Chooses the classes: one for every cell, several, or all in turn."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QGridLayout, QHBoxLayout, QListWidget, QPushButton, QWidget

from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import GRID_SIZES, ViewState, cells_limit
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button, toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.labels import label

MOST_BUTTONS, MOST_SHORT = 20, 70
"""Generators with more classes get a list instead of buttons: of any names, and of names of one character."""
LONGEST_NAME = 4
"""Longest class name, in characters, that fits a narrow button."""
COLUMNS, SHORT_COLUMNS = 5, 7
"""Columns of narrow buttons, and of buttons for one character where there are many."""
LIST_HEIGHT = 200
"""Height of the list in pixels."""
MOST_NAMED = 3
"""Largest number of classes without a row that are named."""
DIGITS = tuple("0123456789")
CTRL = Qt.KeyboardModifier.ControlModifier


class DigitsPanel(Panel):
    """Edits the classes. A click shows one class; with Ctrl, or while `several` is checked, it adds or removes one."""

    def __init__(self) -> None:
        super().__init__("Digit", main=True)
        self._picker: QWidget | None = None
        self._buttons: list[QPushButton] = []
        self._list: QListWidget | None = None
        self._classes: tuple[str, ...] = ()
        self._most_cells = GRID_SIZES[-1]
        self.all = toggle_button(
            "All", "Show samples of all classes, mixed, to see all that it can make", "M", name="All classes, mixed"
        )
        self.several = toggle_button(
            "Pick several", "Let each click add or remove a class, to see a few together", "or Ctrl+click"
        )
        self.rows = toggle_button(
            "One per row", "Give each class a row of the grid, to compare the samples of a class side by side"
        )
        self.all.clicked.connect(self._choose_all)
        self.several.toggled.connect(self._show_selection_mode)
        self.rows.clicked.connect(self._choose_rows)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button, share in ((self.all, 2), (self.several, 5), (self.rows, 5)):
            row.addWidget(button, share)
        self.body.addLayout(row)
        self.missing = label("", "muted")
        self.missing.setWordWrap(True)
        self.add_rows = make_button(QPushButton, "", "Make the grid larger, so that each class has its row")
        self.add_rows.clicked.connect(self._choose_rows)
        self.body.addWidget(self.missing)
        self.body.addWidget(self.add_rows)
        self.set_classes(())

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Offer these classes. Without classes the panel is not offered."""
        if self._picker is not None:
            self._picker.hide()  # deleteLater deletes it only in the event loop
            self.body.removeWidget(self._picker)
            self._picker.deleteLater()
        self._buttons, self._list, self._classes = [], None, classes
        short = max(map(len, classes), default=1) == 1
        fits = len(classes) <= (MOST_SHORT if short else MOST_BUTTONS)
        self._picker = self._make_buttons(classes) if fits else self._make_list(classes)
        self.body.insertWidget(1, self._picker)
        self.title.setText("Digit" if all(name.isdigit() for name in classes) else "Class")
        self.offered = bool(classes)
        self.value.setText("")

    def show_model(self, opened: Opened) -> None:
        self._most_cells = cells_limit(opened.info)
        self.set_classes(opened.info.classes)

    def show_state(self, state: ViewState) -> None:
        for digit, button in enumerate(self._buttons):
            button.setChecked(digit in state.digits)
        if self._list is not None:
            with QSignalBlocker(self._list):
                for digit in range(self._list.count()):
                    self._list.item(digit).setSelected(digit in state.digits)
        self.all.setChecked(not state.digits)
        self.rows.setChecked(state.by_rows)
        self.rows.setVisible(state.mode == "grid")  # the map has none
        if len(state.digits) > 1:
            self.several.setChecked(True)
        if self._classes:
            self.value.setText(f"{len(state.digits)} of {len(self._classes)}" if len(state.digits) > 1 else "")
        self._show_missing(state)

    def _show_missing(self, state: ViewState) -> None:
        """Say which classes have no row of their own, and offer rows for them if the grid can have as many."""
        shown = state.digits or tuple(range(len(self._classes)))
        rows = math.ceil(state.cells / state.columns)
        names = [self._classes[digit] for digit in shown[rows:]] if state.by_rows and state.mode == "grid" else []
        if len(names) > MOST_NAMED:
            who = f"{len(names)} of {len(shown)} classes have"
        elif len(names) > 1:
            who = f"{', '.join(names[:-1])} and {names[-1]} have"
        else:
            who = f"{''.join(names)} has"
        self.missing.setText(f"{who} no row: the grid has {rows}.")
        self.missing.setVisible(bool(names))
        larger = self._with_rows(state).cells
        self.add_rows.setText(f"Show {math.isqrt(larger)} rows")
        self.add_rows.setAccessibleName(self.add_rows.text())
        self.add_rows.setVisible(bool(names) and larger > state.cells)

    def _choose_rows(self) -> None:
        rows = self.rows.isChecked()
        self.edited.emit("one per row", self._with_rows if rows else lambda state: state.with_rows(False))

    def _with_rows(self, state: ViewState) -> ViewState:
        """Give each row one class, in a grid with a row for every class that is shown, as far as it can grow."""
        wanted = len(state.digits) or len(self._classes)
        sizes = [cells for cells in GRID_SIZES if cells <= self._most_cells]
        enough = next((cells for cells in sizes if cells >= wanted * wanted), sizes[-1])
        return state.with_rows(True).with_cells(max(state.cells, enough))

    def _choose_all(self) -> None:
        self.several.setChecked(False)
        self.all.setChecked(True)
        self.edited.emit("digit", lambda state: state.with_digits(()))

    def _choose(self, digit: int) -> None:
        button = self._buttons[digit]
        button.setChecked(not button.isChecked())  # undoes the click: show_state will show the result
        if self.several.isChecked() or QGuiApplication.keyboardModifiers() & CTRL:
            self.edited.emit("digits", lambda state: state.toggled(digit))
        else:
            self.edited.emit("digit", lambda state: state.with_digits((digit,)))

    def _choose_in_list(self) -> None:
        if self._list is not None:
            digits = tuple(sorted(index.row() for index in self._list.selectedIndexes()))
            self.edited.emit("digits", lambda state: state.with_digits(digits))

    def _show_selection_mode(self, several: bool) -> None:
        if self._list is not None:
            modes = QAbstractItemView.SelectionMode
            self._list.setSelectionMode(modes.MultiSelection if several else modes.ExtendedSelection)

    def _make_buttons(self, classes: tuple[str, ...]) -> QWidget:
        picker = QWidget()
        grid = QGridLayout(picker)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        longest = max(map(len, classes), default=1)
        narrow = SHORT_COLUMNS if longest == 1 and len(classes) > MOST_BUTTONS else COLUMNS
        columns = narrow if longest <= LONGEST_NAME else 2
        for index, name in enumerate(classes or map(str, range(10))):
            keys = f"{name}; " if name in DIGITS else f"Shift+{name.upper()}; " if len(name) == 1 else ""
            tip = f"Show only samples of class {name}, to see how they vary"
            keys += "Ctrl+click adds or removes it"
            button = toggle_button(name, tip, keys, name=f"Class {name}", role="class")
            button.clicked.connect(lambda _checked, digit=index: self._choose(digit))
            self._buttons.append(button)
            grid.addWidget(button, index // columns, index % columns)
        return picker

    def _make_list(self, classes: tuple[str, ...]) -> QWidget:
        picker = QListWidget()
        picker.addItems(list(classes))
        picker.setAccessibleName("Classes")
        picker.setToolTip("Click a class to see only its samples; Ctrl+click and Shift+click choose several")
        picker.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        picker.setFixedHeight(theme.px(LIST_HEIGHT))
        picker.itemSelectionChanged.connect(self._choose_in_list)
        self._list = picker
        self._show_selection_mode(self.several.isChecked())
        return picker
