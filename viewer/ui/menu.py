"""The menu at the right of the header: settings and help."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from viewer.core.files.settings import Settings
from viewer.engine.player import Player
from viewer.ui.bars.training import TITLE
from viewer.ui.dialogs.about import AboutDialog
from viewer.ui.dialogs.doctor import DoctorDialog
from viewer.ui.dialogs.settings import SettingsDialog
from viewer.ui.dialogs.shortcuts import ShortcutSheet, keys_of
from viewer.ui.settings_store import SettingsStore

FIRST_SIZE = (1180, 820)
"""Size of the window before one is remembered, in pixels."""


class MainMenu(QMenu):
    """Begins the tour, shows the training, and opens the dialogs: settings, keys, this computer, about."""

    tour_wanted = Signal()
    """The user asked for the tour."""
    game_wanted = Signal()
    """The user wants to play "Real or forged?"."""
    latents_wanted = Signal()
    """The user wants to save latents."""
    training_wanted = Signal()
    """The user asked to see how the bundled generator learned."""
    notified = Signal(str, object)
    """A message, and the Offer to show with it."""

    def __init__(self, window: QWidget, player: Player, store: SettingsStore, lists: tuple[QWidget, ...]) -> None:
        """lists: widgets with keys of their own, see `keys_of`."""
        super().__init__("Menu", window)
        self._window = window
        self._player = player
        self._store = store
        self._lists = lists
        self.doctor: DoctorDialog | None = None
        self._add("Take a tour", (), self.tour_wanted)
        self.training = self._add(TITLE, (), self.training_wanted)
        self.training.setVisible(False)
        self._add("Real or forged?…", (), self.game_wanted)
        self._add("Save latents…", (), self.latents_wanted)
        self._add("Settings…", ("Ctrl+,",), self.show_settings)
        self._add("Keyboard…", ("F1", "?"), self.show_keys)
        self._add("This computer…", (), self.show_doctor)
        self._add("About digitforge…", (), self.show_about)

    def _add(self, text: str, keys: Iterable[str], slot: Callable[[], None] | SignalInstance) -> QAction:
        action = QAction(text, self._window)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(slot)
        self.addAction(action)
        self._window.addAction(action)
        return action

    def show_settings(self) -> None:
        """Open the settings."""
        dialog = SettingsDialog(self._window, self._store)
        dialog.reset_wanted.connect(self._reset)
        dialog.open()

    def show_keys(self) -> None:
        """List all keys."""
        ShortcutSheet(self._window, keys_of(self._window, self._lists)).open()

    def show_doctor(self) -> None:
        """Open the report about this machine and the open generator."""
        if self.doctor is None:
            self.doctor = DoctorDialog(self._window)
        model = self._player.model
        self.doctor.examine(None if model is None else model.path)

    def show_about(self) -> None:
        """Show versions, licences and where the generator comes from."""
        AboutDialog(self._window, self._player.model).open()

    def close_down(self) -> None:
        """Stop the work of the dialogs, and wait until it has stopped."""
        if self.doctor is not None:
            self.doctor.close_down()

    def _reset(self) -> None:
        before, size = self._store.current, self._window.size()
        self._store.set(Settings())
        self._window.resize(*FIRST_SIZE)

        def undo() -> None:
            self._store.set(before)
            self._window.resize(size)

        self.notified.emit("All settings are back to their defaults.", ("Undo", undo))
