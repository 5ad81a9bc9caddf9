"""More like this: finds the directions around a picture, and takes the clicks that go on from one to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import Float32
from viewer.core.draw.shape import cannot_shape
from viewer.core.scene.cells import shift_of
from viewer.core.scene.messages import Answer, Opened
from viewer.core.scene.near import vectors_of
from viewer.core.state.near import CENTRE, Near
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui.bars.message import Offer
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.editor import Editor
from viewer.ui.panels.near import NearPanel

NAME = "neighbourhood"
CHOOSE = "Click the picture to mix it with, in any mode."


class Explorer(QObject):
    """Shows the neighbourhoods of pictures and the children of two."""

    notified = Signal(str, object)
    """A message, and the Offer to show with it."""
    failed = Signal(str)
    """An error message."""
    settled = Signal()
    """What was said does not hold any more."""

    def __init__(self, player: Player, editor: Editor, canvas: Canvas) -> None:
        super().__init__()
        self.panel = NearPanel()
        self._player = player
        self._editor = editor
        self._canvas = canvas
        self._asked: Near | None = None
        self._first: Sample | None = None  # waits for the one to be mixed with
        canvas.installEventFilter(self)
        player.answered.connect(self._on_answered)

    def explore(self) -> None:
        """Show the neighbourhood of the current cell."""
        if (sample := self._canvas.sample) is not None and self._can():
            self._show("more like this", sample)

    def mix(self) -> None:
        """Mix the current cell with the one that is clicked next."""
        if (sample := self._canvas.sample) is not None and self._can():
            self._first = sample
            offer: Offer = ("Cancel", self._forget)
            self.notified.emit(CHOOSE, offer)

    def cancel(self) -> None:
        """Stop waiting for a picture to mix with."""
        if self._first is not None:
            self._forget()
            self.settled.emit()

    def _forget(self) -> None:
        self._first = None

    def click_cell(self, cell: int) -> bool:
        """Mix with a cell that was clicked, or go on from it; return whether the click meant either."""
        frame, state = self._canvas.frame, self._player.state
        if frame is None or cell >= len(frame.pixels):
            return False
        sample = frame.scene.sample(cell)
        if (first := self._first) is not None:
            self.cancel()
            if first == sample:
                self.failed.emit("This is the same picture: choose another one to mix it with.")
            else:
                self._show("mixing", first, sample)
            return True
        if state.mode != "near":
            return False
        if state.near.parents != (sample,):
            self._show("more like this", sample)
        return True

    def show_model(self, _opened: Opened) -> None:
        """Find the directions of another generator."""
        self.cancel()
        self._asked = None
        state = self._player.state
        self._player.apply(state.with_near(replace(state.near, found=False)))

    def show_state(self, state: ViewState) -> None:
        """Find the directions of a neighbourhood that does not have them yet."""
        near, model = state.near, self._player.model
        if state.mode != "near" or not near.parents or near.found or model is None or cannot_shape(model.info):
            self._asked = None
            return
        if self._asked is not None and self._asked.parents == near.parents:
            return
        self._asked = near
        truncation, shift = state.truncation, shift_of(model.info, state, self._player.directions)

        def find(info: GeneratorInfo, run: Run) -> tuple[Near, Float32]:
            return near, vectors_of(info, run, near, truncation, shift)

        self._player.ask_long(NAME, find)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if self._first is None or event.type() != QEvent.Type.KeyPress:
            return False
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape:
            self.cancel()
        return escape

    def _can(self) -> bool:
        model = self._player.model
        if model is None or (reason := cannot_shape(model.info)):
            self.failed.emit("Open a generator first." if model is None else reason)
            return False
        return True

    def _show(self, what: str, *parents: Sample) -> None:
        self._editor.edit(what, lambda state: state.with_mode("near").with_near(state.near.around(*parents)))
        if len(parents) == 1:
            self._canvas.hold(CENTRE)

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != NAME:
            return
        near, vectors = answer.value
        if self._player.state.near.parents == near.parents and np.isfinite(vectors).all():
            self._asked = None
            self._editor.amend(lambda state: state.with_near(state.near.with_vectors(vectors)))
