"""Finds the open generator's principal directions between frames, on request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from viewer.core.run.stages import is_bundled
from viewer.core.scene.directions import MOST_NAMED, Directions, Search, contrasting
from viewer.core.scene.messages import Answer, Failure, Job, Opened
from viewer.core.state.samples import Sample
from viewer.engine.player import Player

NAME = "directions"


class Finder(QObject):
    """Searches for directions and passes them to the player."""

    progressed = Signal(int, int)
    """Latents done, and of how many."""
    found = Signal()
    """`directions` were found, or one of them was renamed, added or removed."""
    failed = Signal()
    """The search failed; the player emits the reason."""
    notified = Signal(str)
    """A message about a direction of the user's own."""
    forgot = Signal()
    """`directions` were dropped, because another generator was opened."""

    def __init__(self, player: Player, folder: Path) -> None:
        """folder: where directions are cached."""
        super().__init__()
        self.directions: Directions | None = None
        self._player = player
        self._folder = folder
        self._search: Search | None = None
        self._wanted: list[bytes] = []  # directions of the user's own to add once the others are found
        player.opened.connect(self._on_opened)
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    def want(self) -> None:
        """Start the search, unless it has been started."""
        if self._search is None and self._player.model is not None:
            self._search = Search(self._folder)
            self._player.ask(NAME, self._search.step)

    def rename(self, place: int, name: str) -> None:
        """Rename a principal direction of this generator permanently."""
        if self.directions is not None:
            self._keep(self.directions.renamed(place, name))

    def name(self, vector: bytes, name: str) -> None:
        """Rename, add or remove another direction of this generator permanently; see `Directions.with_named`."""
        if self.directions is not None:
            self._keep(self.directions.with_named(vector, name))

    def contrast(self, chosen: tuple[Sample, ...], others: tuple[Sample, ...]) -> None:
        """Add the direction that leads from the other samples to the chosen ones, once the others are found.

        Neither may be empty. Emits `notified`.
        """
        if self._player.model is None:
            return
        vector = contrasting(self._player.model.info, chosen, others)
        if vector is None:
            self.notified.emit("These cells have the same latents as the others: there is no direction between them.")
            return
        self._wanted.append(vector)
        if self.directions is None:
            self.want()
        else:
            self._add_wanted()

    def _add_wanted(self) -> None:
        wanted, self._wanted = self._wanted, []
        for vector in wanted:
            assert self.directions is not None
            name = self.directions.free_name()
            self.name(vector, name)
            if name in [one.name for one in self.directions.named or ()]:
                self.notified.emit(f"“{name}” is among the directions now: move its slider, or click it to rename it.")
            else:
                self.notified.emit(f"A generator keeps {MOST_NAMED} directions: clear the name of one to remove it.")

    def _keep(self, directions: Directions) -> None:
        search = self._search
        if search is None:
            return
        self.directions = directions
        name = f"names of the directions of {search.digest}"  # those of another generator may still be waiting
        self._player.ask(name, lambda _: search.cache(directions), outlives=True)
        self.found.emit()

    def _on_opened(self, opened: Opened) -> None:
        self.directions = self._search = None
        self._wanted = []
        if is_bundled(opened.path):  # small files: its stages follow each other without a moment without directions
            search = Search(self._folder)
            stored = search.stored(opened.path, opened.sha256, opened.info)
            if stored is not None and stored.named is not None:
                self._search = search
                self._accept(stored)
                return
        self.forgot.emit()

    def _accept(self, directions: Directions) -> None:
        self.directions = directions
        self._player.directions = directions.vectors
        self.found.emit()
        self._add_wanted()

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
