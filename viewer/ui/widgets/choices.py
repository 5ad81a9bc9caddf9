"""A row of buttons to choose one of a few options."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from viewer.ui import theme
from viewer.ui.widgets.buttons import toggle_button


class Choices(QWidget):
    """A row of buttons of which exactly one is checked."""

    chosen = Signal(str)
    """The name of the option that the user clicked."""

    def __init__(self, what: str, offered: dict[str, tuple[str, str]]) -> None:
        """what: names the choice for screen readers; offered: the text and the tooltip of each option, by name."""
        super().__init__()
        self._names = tuple(offered)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        for place, (text, tip) in enumerate(offered.values()):
            button = toggle_button(text, tip, name=f"{what}: {text}")
            self._group.addButton(button, place)
            row.addWidget(button, 1)
        self._group.idClicked.connect(lambda place: self.chosen.emit(self._names[place]))

    def show_choice(self, name: str) -> None:
        """Check the button of an option, without emitting a signal."""
        self.button(name).setChecked(True)

    def button(self, name: str) -> QPushButton:
        """Return the button of an option."""
        found = self._group.button(self._names.index(name))
        assert isinstance(found, QPushButton)
        return found
