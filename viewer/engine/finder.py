"""Finds the open generator's principal directions between frames, on request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from viewer.core.run.stages import is_bundled
from viewer.core.scene.directions import Directions, Search
from viewer.core.scene.messages import Answer, Failure, Job, Opened
from viewer.engine.player import Player

NAME = "directions"


class Finder(QObject):
    """Searches for directions and passes them to the player."""

    progressed = Signal(int, int)
    """Latents done, and of how many."""
    found = Signal()
    """`directions` were found, or one of them was renamed."""
    failed = Signal()
    """The search failed; the player emits the reason."""
    forgot = Signal()
    """`directions` were dropped, because another generator was opened."""

    def __init__(self, player: Player, folder: Path) -> None:
        """folder: where directions are cached."""
        super().__init__()
        self.directions: Directions | None = None
        self._player = player
        self._folder = folder
        self._search: Search | None = None
        player.opened.connect(self._on_opened)
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    def want(self) -> None:
        """Start the search, unless it has been started."""
        if self._search is None and self._player.model is not None:
            self._search = Search(self._folder)
            self._player.ask(NAME, self._search.step)

    def rename(self, place: int, name: str) -> None:
        """Rename a direction of this generator permanently."""
        if self.directions is None or self._search is None:
            return
        renamed, search = self.directions.renamed(place, name), self._search
        self.directions = renamed
        self._player.ask("names of directions", lambda _: search.cache(renamed))
        self.found.emit()

    def _on_opened(self, opened: Opened) -> None:
        self.directions = self._search = None
        if is_bundled(opened.path):  # small files: its stages follow each other without a moment without directions
            search = Search(self._folder)
            stored = search.stored(opened.path, opened.sha256, opened.info)
            if stored is not None:
                self._search = search
                self._accept(stored)
                return
        self.forgot.emit()

    def _accept(self, directions: Directions) -> None:
        self.directions = directions
        self._player.directions = directions.vectors
        self.found.emit()

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != NAME or self._search is None:
            return
        if not isinstance(answer.value, Directions):
            self.progressed.emit(*answer.value)
            self._player.ask(NAME, self._search.step)
            return
        self._accept(answer.value)
        if self._player.state.amounts:
            self._player.refresh()

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, Job) and failure.request.name == NAME:
            self.failed.emit()
