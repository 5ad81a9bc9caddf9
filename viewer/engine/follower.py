"""Follows a drawing: one iteration of a search after the other, always for the newest drawing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import Float32
from viewer.core.draw.search import Found, Search
from viewer.core.scene.messages import Answer, Failure, LongJob, Opened
from viewer.engine.player import Player

NAME, PREPARATION = "drawing", "samples for drawings"


class Follower(QObject):
    """Asks the worker for iterations until a drawing that does not change is answered as well as it can be."""

    found = Signal(object)
    """Found: after every iteration for a drawing that was not given up."""
    failed = Signal(str)
    """A message: this generator cannot follow drawings."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._player = player
        self._search = Search()
        self._ink: Float32 | None = None
        self._revision = 0
        self._paused = False  # after a failure, until another generator is opened
        player.opened.connect(self._on_opened)
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    def prepare(self) -> None:
        """Draw the samples that a search needs, so that the first stroke is answered at once."""
        if not self._paused:
            search = self._search
            self._player.ask_long(PREPARATION, search.prepare)

    def follow(self, ink: Float32 | None) -> None:
        """Search for a drawing from now on, or for none. ink: see `Search.step`."""
        self._ink = ink
        self._revision += 1
        if ink is not None:
            self._ask()

    def _ask(self) -> None:
        search, ink, revision = self._search, self._ink, self._revision
        if ink is None or self._paused:
            return

        def step(info: GeneratorInfo, run: Run) -> Found:
            return search.step(info, run, ink, revision)

        self._player.ask_long(NAME, step, gives_way=not search.quick(revision))

    def _on_opened(self, _opened: Opened) -> None:
        self._search, self._paused = Search(), False

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != NAME or self._ink is None:
            return
        found: Found = answer.value
        self.found.emit(found)
        if found.revision == self._revision and not found.finished:
            self._ask()

    def _on_failed(self, failure: Failure) -> None:
        request = failure.request
        if isinstance(request, LongJob) and request.name in (NAME, PREPARATION):
            self._paused = True
            self.failed.emit(failure.sentence)
