"""A row of buttons of which one is down."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from viewer.ui import theme
from viewer.ui.widgets.buttons import toggle_button


class Choices(QWidget):
    """Offers a few names to choose one from."""

    chosen = Signal(str)
    """By a person; showing a choice emits nothing."""

    def __init__(self, what: str, offered: dict[str, tuple[str, str]]) -> None:
        """what: is chosen, for those who cannot see it; offered: each name with its text and tooltip."""
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
        """Mark one."""
        self.button(name).setChecked(True)

    def button(self, name: str) -> QPushButton:
        """The button of a choice."""
        found = self._group.button(self._names.index(name))
        assert isinstance(found, QPushButton)
        return found
