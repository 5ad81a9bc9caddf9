"""The settings that are kept between sessions: theme, recent files, look, and the window's geometry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.files.settings import Settings, load, save
from viewer.core.run.stages import run_of
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
        self._theme = ThemeController(application, self.current.theme)
        self._theme.setParent(self)
        # Set before the first frame, so that undo cannot go back behind it.
        player.state = replace(player.state, look=self.current.look)
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
        """Save the settings with the window's geometry and the present look."""
        if self._path is not None:
            geometry = window.saveGeometry().toBase64().toStdString()
            save(replace(self.current, geometry=geometry, look=self._player.state.look), self._path)

    def _on_opened(self, opened: Opened) -> None:
        self.set(self.current.with_recent(run_of(opened.path)))
