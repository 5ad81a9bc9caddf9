"""Check that what a window names makes what it shows: the picture is rendered again from its recipe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from viewer.core.files.favourites import alone
from viewer.core.files.recipe import from_text
from viewer.core.files.saving import ExportSpec, Subject
from viewer.core.picture.compose import compose
from viewer.core.scene.cells import Scene, scene_of, scene_of_samples
from viewer.core.scene.messages import Answer, Failure, Frame, Job, Opened
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player

NAME = "shown again"
WAIT_S = 2.0
"""A frame or an answer that takes longer is not checked: the generator cannot be run, or another was opened."""


class Naming:
    """Checks the pictures of a player."""

    def __init__(self, player: Player) -> None:
        self.checked = 0
        """Number of pictures that were rendered again."""
        self._player = player
        self._found: list[str | None] = []
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    def misnamed(self, cell: int) -> str:
        """Return what the shown picture and its recipe disagree on; empty if nothing, or if nothing is shown.

        A walk is paused for the check. cell: the cell that is also checked as a favourite of its own.
        """
        player = self._player
        if player.model is None or player._empty:
            return ""
        playing = player.state.playing
        player.apply(player.state.with_playing(False))
        try:
            if not _wait(self._is_settled):
                return ""
            model, frame, state, directions = player.model, player.frame, player.state, player.directions
            assert model is not None
            assert frame is not None
            self._found.clear()
            player.ask(NAME, lambda generator: _difference(generator, model, frame, state, directions, cell))
            if not _wait(lambda: bool(self._found)) or (found := self._found[0]) is None:
                return ""  # another generator was opened meanwhile, or the job failed with a message
            self.checked += 1
            return found
        finally:
            player.apply(player.state.with_playing(playing))

    def _is_settled(self) -> bool:
        player = self._player
        model, frame = player.model, player.frame
        if model is None or frame is None or player._empty:
            return False
        return (frame.generation, frame.sequence) == (model.generation, player._sequence)

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == NAME:
            self._found.append(answer.value)

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, Job) and failure.request.name == NAME:
            self._found.append(None)


def _difference(
    generator: Generator, model: Opened, frame: Frame, state: ViewState, directions: Float32 | None, cell: int
) -> str:
    info = generator.info

    def again(state: ViewState) -> Scene:
        scene = scene_of(info, from_text(Subject(model, state, directions).recipe(ExportSpec())).state, directions)
        assert scene is not None
        return scene

    restored = again(state)
    named = scene_of_samples(info, frame.scene.samples, state, directions)
    for what, scene in (("its recipe", restored), ("the samples of its cells", named)):
        if not np.array_equal(generator.generate_pixels(scene.z, scene.y), frame.pixels):
            return f"the shown picture is not the one of {what}: {state}"
    if not np.array_equal(compose(frame.pixels, restored.columns, state.look, restored.close), frame.picture):
        return f"the picture does not look as its recipe says: {state}"
    cell %= len(frame.pixels)
    single = again(alone(state, frame.scene.sample(cell)))
    shown = frame.scene.only(cell)
    same_classes = single.y is None and shown.y is None
    if single.y is not None and shown.y is not None:
        same_classes = np.array_equal(single.y, shown.y)
    if not same_classes or not np.array_equal(single.z, shown.z):
        return f"cell {cell} is another picture by itself: {state}"
    return ""


def _wait(ready: Callable[[], Any]) -> bool:
    """Process events until `ready` returns true; return whether it did within WAIT_S."""
    end = time.monotonic() + WAIT_S
    while not ready():
        if time.monotonic() > end:
            return False
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
    return True
