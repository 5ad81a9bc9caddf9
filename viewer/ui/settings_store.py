"""The settings that are kept between sessions: theme, recent files, look, and the window's geometry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.files.settings import Settings, load, save
from viewer.core.picture.look import PAPER, PLAIN, Look
from viewer.core.run.stages import origin_of
from viewer.core.scene.messages import Opened
from viewer.engine.player import Player
from viewer.ui.theme import ThemeController


class SettingsStore(QObject):
    """Holds the settings and applies the theme. Changes are saved at once by the worker, and again on exit."""

    changed = Signal()

    def __init__(self, player: Player, path: Path | None) -> None:
        """path: the settings file; with None the settings are the defaults without the hint, and nothing is saved."""
        super().__init__()
        self.current, self.load_error = load(path) if path is not None else (Settings(hint=False), "")
        """The settings, and why the file could not be read (empty if it could)."""
        self._player = player
        self._path = path
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._theme = ThemeController(application, self.current.theme, self.current.text_percent / 100)
        self._theme.setParent(self)
        # Set before the first frame, so that undo cannot go back behind it.
        self._own_look = self._look_of_theme()
        player.state = replace(player.state, look=self.current.look or self._own_look)
        self._theme.changed.connect(self._on_theme_changed)
        player.opened.connect(self._on_opened)

    def change(self, **changed: Any) -> None:
        """Change some of the settings."""
        self.set(replace(self.current, **changed))

    def set(self, settings: Settings) -> None:
        """Change all settings."""
        if settings.theme != self.current.theme:
            self._theme.choose(settings.theme)
        self.current = settings
        self.changed.emit()
        if (path := self._path) is not None:
            self._player.ask("settings", lambda _: save(settings, path))

    def restore_geometry(self, window: QWidget) -> bool:
        """Move and resize the window as it was last time; returns False if there was no last time."""
        geometry = QByteArray.fromBase64(self.current.geometry.encode())
        return not geometry.isEmpty() and window.restoreGeometry(geometry)

    def save_on_exit(self, window: QWidget) -> None:
        """Save the settings with the window's geometry and the present look, which then follows no theme any more."""
        self._theme.blockSignals(True)
        if self._path is not None:
            geometry = window.saveGeometry().toBase64().toStdString()
            look = self._player.state.look
            chosen = None if look == self._own_look else look
            save(replace(self.current, geometry=geometry, look=chosen), self._path)

    def _look_of_theme(self) -> Look:
        return PAPER if self._theme.light else PLAIN

    def _on_theme_changed(self) -> None:
        """Change the look with the theme, unless the user chose one."""
        before, self._own_look = self._own_look, self._look_of_theme()
        if self._player.state.look == before:
            self._player.apply(self._player.state.with_look(self._own_look))

    def _on_opened(self, opened: Opened) -> None:
        self.set(self.current.with_recent(origin_of(opened.path)))
