"""Follows what is drawn or painted: one iteration of a search after the other, always for the newest strokes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from viewer.core.scene.messages import Answer, Failure, LongJob, Opened
from viewer.engine.player import Player


class Found(Protocol):
    """The state of a search after an iteration."""

    @property
    def revision(self) -> int:
        """Of what was searched for."""

    @property
    def finished(self) -> bool:
        """Whether more iterations are not worth it."""


class Search(Protocol):
    """A search in short steps with one generator."""

    def prepare(self, info: GeneratorInfo, run: Run) -> None:
        """Prepare the first step. May raise ExportError."""

    def step(self, info: GeneratorInfo, run: Run, wanted: Any, revision: int) -> Found:
        """Run the next iteration. revision: another number if something else is wanted. May raise ExportError."""

    def quick(self, revision: int) -> bool:
        """Whether the next iteration is a quick one, which does not give way to another one."""


class Follower(QObject):
    """Asks the worker for iterations until what is wanted, and does not change, is answered as well as it can be."""

    found = Signal(object)
    """Found: after every iteration for something that was not given up."""
    failed = Signal(str)
    """A message: this generator cannot be searched."""

    def __init__(self, player: Player, name: str, search: Callable[[], Search]) -> None:
        """name: of the jobs on the worker. search: makes the search for another generator."""
        super().__init__()
        self._player = player
        self._name, self._preparation = name, f"preparation of {name}"
        self._new_search = search
        self._search = search()
        self._wanted: Any = None
        self._revision = 0
        self._paused = False  # after a failure, until another generator is opened
        player.opened.connect(self._on_opened)
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    @property
    def revision(self) -> int:
        """The revision of what is searched for now."""
        return self._revision

    def prepare(self) -> None:
        """Prepare the search, so that the first stroke is answered at once."""
        if not self._paused:
            search = self._search
            self._player.ask_long(self._preparation, search.prepare)

    def follow(self, wanted: Any) -> None:
        """Search for something from now on, or for nothing (None). wanted: see the `step` of the search."""
        self._wanted = wanted
        self._revision += 1
        if wanted is not None:
            self._ask()

    def _ask(self) -> None:
        search, wanted, revision = self._search, self._wanted, self._revision
        if wanted is None or self._paused:
            return

        def step(info: GeneratorInfo, run: Run) -> Found:
            return search.step(info, run, wanted, revision)

        self._player.ask_long(self._name, step, gives_way=not search.quick(revision))

    def _on_opened(self, _opened: Opened) -> None:
        self._search, self._paused = self._new_search(), False

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != self._name or self._wanted is None:
            return
        found: Found = answer.value
        self.found.emit(found)
        if found.revision == self._revision and not found.finished:
            self._ask()

    def _on_failed(self, failure: Failure) -> None:
        request = failure.request
        if isinstance(request, LongJob) and request.name in (self._name, self._preparation):
            self._paused = True
            self.failed.emit(failure.sentence)
