"""The settings dialog: the theme, the size of text, and a reset."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from viewer.core.files.settings import TEXT_PERCENTS
from viewer.ui import theme
from viewer.ui.settings_store import SettingsStore
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label

OFFERED = {
    "system": ("System", "Be dark or light as the system is"),
    "dark": ("Dark", "Always be dark, which is easy on the eyes in a dim room"),
    "light": ("Light", "Always be light, which reads well on a projector"),
}
TEXT_SIZES = {
    str(percent): (f"{percent} %", f"Make text and controls {percent} % as large, from the next start")
    for percent in TEXT_PERCENTS
}
WIDTH = 48 * theme.SPACE


class SettingsDialog(QDialog):
    """Applies every change at once."""

    reset_wanted = Signal()
    """The user asked to reset all settings."""

    def __init__(self, parent: QWidget, store: SettingsStore) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(theme.px(WIDTH))
        self._store = store
        self.theme = Choices("Theme", OFFERED)
        self.theme.chosen.connect(lambda name: store.change(theme=name))
        self.text = Choices("Text size", TEXT_SIZES)
        self.text.chosen.connect(lambda name: store.change(text_percent=int(name)))
        tip = "Reset the theme, the text size, the recent generators, the look, and the size and place of the window"
        self.reset = make_button(QPushButton, "Reset all settings", tip)
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(self.reset_wanted)
        self.reset.clicked.connect(self.accept)
        note = label("Back to the defaults. Favourites and named directions stay.", "muted")
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setToolTip("Close the settings; every change is kept")
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(label("Theme", "title"))
        column.addWidget(self.theme)
        column.addSpacing(theme.SPACE)
        column.addWidget(label("Text size, from the next start", "title"))
        column.addWidget(self.text)
        column.addSpacing(2 * theme.SPACE)
        column.addWidget(self.reset)
        column.addWidget(note)
        column.addSpacing(2 * theme.SPACE)
        column.addWidget(buttons)
        store.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.theme.show_choice(self._store.current.theme)
        if (percent := str(self._store.current.text_percent)) in TEXT_SIZES:
            self.text.show_choice(percent)
