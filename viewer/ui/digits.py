"""The digit picker: one class for every cell, or a mix of all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QPushButton, QWidget

from viewer.core.frames import Opened
from viewer.core.state import ViewState
from viewer.ui.card import Panel

MOST_BUTTONS = 20
"""Generators with more classes get a list to choose from."""
LONGEST_NAME = 4
"""Characters that fit on a button."""
COLUMNS = 5


class DigitsPanel(Panel):
    """Edits the classes."""

    def __init__(self) -> None:
        super().__init__("Digit")
        self._picker: QWidget | None = None
        self._group: QButtonGroup | None = None
        self._list: QComboBox | None = None
        self.set_classes(())

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Offer these classes; with none the panel is disabled and says why."""
        if self._picker is not None:
            self._picker.hide()  # deleteLater leaves it on screen until the event loop turns
            self.body.removeWidget(self._picker)
            self._picker.deleteLater()
        self._group = self._list = None
        self._picker = self._make_list(classes) if len(classes) > MOST_BUTTONS else self._make_buttons(classes)
        self.body.addWidget(self._picker)
        self.title.setText("Digit" if all(name.isdigit() for name in classes) else "Class")
        self.setEnabled(bool(classes))
        self.value.setText("" if classes else "not available")
        self.setToolTip("" if classes else "This generator was trained without classes: it makes what it likes.")

    def show_model(self, opened: Opened) -> None:
        """Offer its classes."""
        self.set_classes(opened.info.classes)

    def show_state(self, state: ViewState) -> None:
        """Mark the class that is shown."""
        shown = _id(state.digits[0] if len(state.digits) == 1 else None)
        if self._group is not None and (button := self._group.button(shown)) is not None:
            button.setChecked(True)
        if self._list is not None:
            self._list.setCurrentIndex(shown)

    def _choose(self, number: int) -> None:
        digit = _digit(number)
        self.edited.emit("digit", lambda state: state.with_digits(() if digit is None else (digit,)))

    def _make_buttons(self, classes: tuple[str, ...]) -> QWidget:
        picker = QWidget()
        grid = QGridLayout(picker)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        group = QButtonGroup(picker)
        longest = max(map(len, classes), default=1)
        columns = COLUMNS if longest <= LONGEST_NAME else 2
        mixed = _button("Mixed", "All classes, mixed (M)")
        group.addButton(mixed, _id(None))
        for index, name in enumerate(classes or map(str, range(10))):
            button = _button(name, f"Class {name}" + (f" ({name})" if name in "0123456789" else ""))
            group.addButton(button, _id(index))
            grid.addWidget(button, index // columns, index % columns)
        grid.addWidget(mixed, grid.rowCount(), 0, 1, columns)
        group.idClicked.connect(self._choose)
        self._group = group
        return picker

    def _make_list(self, classes: tuple[str, ...]) -> QWidget:
        picker = QComboBox()
        picker.addItems(["Mixed", *classes])
        picker.setAccessibleName("Class")
        picker.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        picker.activated.connect(self._choose)
        self._list = picker
        return picker


def _id(digit: int | None) -> int:
    """Qt's number of a choice: 0 is the mix."""
    return 0 if digit is None else digit + 1


def _digit(number: int) -> int | None:
    return None if number == 0 else number - 1


def _button(text: str, description: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setProperty("role", "class")
    button.setAccessibleName(description.split(" (")[0])
    button.setToolTip(description)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
