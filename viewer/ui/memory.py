"""What the viewer remembers from one time to the next, and what follows from it: the theme, the recent files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.files.settings import Settings, load, save
from viewer.core.run.stages import run_of
from viewer.core.scene.requests import Opened
from viewer.engine.player import Player
from viewer.ui.theme import Dresser


class Memory(QObject):
    """Holds the settings. They are written when they change, by the worker, and at the end."""

    changed = Signal()

    def __init__(self, player: Player, path: Path | None) -> None:
        """path: of the file; None begins as at a first time without a hint, and remembers nothing."""
        super().__init__()
        self.settings, self.complaint = load(path) if path is not None else (Settings(hint=False), "")
        """And one sentence where the file could not be read."""
        self._player = player
        self._path = path
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._dresser = Dresser(application, self.settings.theme)
        self._dresser.setParent(self)
        player.state = replace(player.state, look=self.settings.look)  # before anything is shown: no step to undo
        player.opened.connect(self._on_opened)

    def change(self, **changed: Any) -> None:
        """Remember something else from now on."""
        self.take(replace(self.settings, **changed))

    def take(self, settings: Settings) -> None:
        """Remember all of this from now on."""
        if settings.theme != self.settings.theme:
            self._dresser.choose(settings.theme)
        self.settings = settings
        self.changed.emit()
        if (path := self._path) is not None:
            self._player.ask("settings", lambda _: save(settings, path))

    def put(self, window: QWidget) -> bool:
        """Bring the window to where it was; False where it has been nowhere yet."""
        geometry = QByteArray.fromBase64(self.settings.geometry.encode())
        return not geometry.isEmpty() and window.restoreGeometry(geometry)

    def close_down(self, window: QWidget) -> None:
        """Write down how everything is at the end."""
        if self._path is not None:
            geometry = window.saveGeometry().toBase64().toStdString()
            save(replace(self.settings, geometry=geometry, look=self._player.state.look), self._path)

    def _on_opened(self, opened: Opened) -> None:
        self.take(self.settings.with_recent(run_of(opened.path)))
