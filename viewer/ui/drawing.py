"""The Draw mode: connects the sheet, the tools and the search for the generator's answer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from export.inversion.normalise import normalise, reduced
from export.inversion.photograph import Digit, find_digits
from export.inversion.pictures import SUFFIXES, read_picture
from export.runtime.arrays import Float32
from viewer.core.draw.search import Candidate, Found, Search, cannot_draw
from viewer.core.draw.sheet import ink_of, lost_share, to_picture
from viewer.core.files import Report
from viewer.core.scene.messages import Opened
from viewer.core.state.drawing import Drawing, Stroke
from viewer.core.state.view_state import ViewState
from viewer.engine.background import Background
from viewer.engine.follower import Follower
from viewer.engine.player import Player
from viewer.ui.bars.verdict import VerdictBar
from viewer.ui.canvas.sheet import SheetView
from viewer.ui.editor import Editor
from viewer.ui.panels.draw import DrawPanel

PICTURES = f"Pictures ({' '.join(f'*{suffix}' for suffix in SUFFIXES)})"
SMALL_SIDE = 64
"""Pixels of the pictures to choose a digit by."""


class Drawer(QObject):
    """Follows what is drawn, and puts the answers into the state."""

    notified = Signal(str)
    """A message."""
    failed = Signal(str)
    """An error message."""

    def __init__(self, window: QWidget, player: Player, editor: Editor) -> None:
        super().__init__(window)
        self.sheet = SheetView()
        self.panel = DrawPanel()
        self.verdict = VerdictBar()
        self.follower = Follower(player, "drawing", Search)
        self._window = window
        self._player = player
        self._editor = editor
        self._before = Drawing()
        self._followed: Drawing | None = None  # what is searched for, without its answer
        self._light_paper = False
        self._prepared = False
        self._digits: list[Digit] = []
        self._background: Background | None = None
        self.sheet.began.connect(self._begin)
        self.sheet.changed.connect(self._follow)
        self.sheet.drawn.connect(self._add)
        self.sheet.clear_wanted.connect(self._clear)
        self.sheet.tool_changed.connect(lambda: self.panel.show_tool(self.sheet.thickness, self.sheet.eraser))
        self.panel.tool_chosen.connect(self.sheet.choose)
        self.panel.clear_wanted.connect(self._clear)
        self.panel.picture_wanted.connect(self._ask_picture)
        self.panel.digit_chosen.connect(self._take)
        self.verdict.chosen.connect(self._choose)
        self.verdict.grid_wanted.connect(self._to_grid)
        self.verdict.keyframe_wanted.connect(self._to_timeline)
        self.verdict.hand_wanted.connect(self._to_hand)
        self.follower.found.connect(self._on_found)

    def bring(self, source: Path | bytes) -> None:
        """Find the digits of a picture, from a file or its content, and draw the first one."""
        model = self._player.model
        if model is None:
            self.failed.emit("Open a generator first; then it can answer a picture.")
            return
        if reason := cannot_draw(model.info):
            self.failed.emit(reason)
            return
        name = source.name if isinstance(source, Path) else "the picture"

        def find(_report: Report) -> list[Digit]:
            return find_digits(read_picture(source), name)

        self.close_down()
        self._background = Background(find, "photograph")
        self._background.succeeded.connect(self._on_digits)
        self._background.failed.connect(self.failed)
        self._background.start()

    def close_down(self) -> None:
        """Stop reading a picture, and wait until the thread has ended."""
        if self._background is not None:
            self._background.succeeded.disconnect(self._on_digits)
            self._background.cancel()
            self._background.wait()
            self._background = None

    def show_model(self, opened: Opened) -> None:
        """Search again with another generator."""
        self.verdict.show_model(opened)
        self._prepared, self._light_paper = False, False
        self._rest()
        self.sheet.setEnabled(not cannot_draw(opened.info))
        state = self._player.state
        if not state.drawing.blank:
            self._player.apply(state.with_drawing(replace(state.drawing, settled=False)))

    def show_state(self, state: ViewState) -> None:
        """Show the drawing, and follow it if it has no answer yet."""
        drawn = state.mode == "draw"
        self.sheet.setVisible(drawn)
        self.verdict.show_state(state)
        if not drawn or self._player.model is None or not self.sheet.isEnabled():
            self._rest()
            return
        if not self._prepared:
            self._prepared = True
            self.follower.prepare()
        self.sheet.show_drawing(state.drawing, state.look, self._light_paper)
        if self.sheet.drawing_now:
            return
        if state.drawing.settled:
            self._rest()
        elif self._followed != (wanted := _without_answer(state.drawing)):
            self._followed = wanted
            self._follow(ink_of(state.drawing))
        if state.drawing.settled:
            self._show_target(ink_of(state.drawing))

    def _rest(self) -> None:
        if self._followed is not None:
            self._followed = None
            self.follower.follow(None)

    def _begin(self) -> None:
        self._before = self._player.state.drawing

    def _follow(self, ink: Float32) -> None:
        """Search for what is on the sheet, float32 [SIDE, SIDE]."""
        small = self._show_target(ink)
        if small is None or small.any():
            self.follower.follow(small)
            return
        self.follower.follow(None)
        state = self._player.state
        self._player.apply(state.with_drawing(state.drawing.with_answer(None)))

    def _show_target(self, ink: Float32) -> Float32 | None:
        """Reduce the ink to the generator's pixels, float32 [height, width], and show them."""
        model, state = self._player.model, self._player.state
        if model is None:
            return None
        reduce = normalise if state.drawing.normalised else reduced
        small = reduce(ink, model.info.height, model.info.width)
        levels = np.rint(small * 255).astype(np.uint8)
        self.panel.show_target(255 - levels if self._light_paper else levels)
        return small

    def _add(self, stroke: Stroke) -> None:
        """Add a finished stroke as one step: undoing it brings back the drawing, and the answer, from before it."""
        state = self._player.state
        before = state.with_drawing(self._before)
        what = "eraser" if stroke.eraser else "stroke"
        self._editor.record(what, before, state.with_drawing(state.drawing.with_stroke(stroke)))

    def _clear(self) -> None:
        self._editor.edit("clearing", lambda state: state.with_drawing(state.drawing.cleared()))

    def _on_found(self, found: Found) -> None:
        state = self._player.state
        if state.mode != "draw":
            return
        found = found.with_lost(lost_share(replace(state.drawing, answer=None, error=0.0, settled=True)))
        self.verdict.show_found(found)
        self._light_paper = found.light_paper
        newest = found.revision == self.follower.revision
        settled = found.finished and newest and not self.sheet.drawing_now
        self._player.apply(state.with_drawing(state.drawing.with_answer(found.best.sample, found.best.error, settled)))

    def _choose(self, candidate: Candidate) -> None:
        self._editor.edit(
            "class of the drawing",
            lambda state: state.with_drawing(state.drawing.with_answer(candidate.sample, candidate.error)),
        )

    def _ask_picture(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a picture of digits", "", PICTURES)
        if chosen:
            self.bring(Path(chosen))

    def _on_digits(self, digits: list[Digit]) -> None:
        self._digits = digits
        small = [np.rint(normalise(digit.ink, SMALL_SIDE, SMALL_SIDE) * 255).astype(np.uint8) for digit in digits]
        self.panel.show_digits(small)
        self._take(0)

    def _take(self, place: int) -> None:
        picture = to_picture(self._digits[place].ink)
        self._editor.edit("picture", partial(_with_picture, picture=picture))

    def _to_grid(self) -> None:
        """Lock the answer into the first cell of the grid that is free."""
        state = self._player.state
        if (answer := state.drawing.answer) is None:
            return
        cell = state.free_cell
        self._editor.edit("kept drawing", lambda before: before.with_mode("grid").locked(cell, answer))
        self.notified.emit(f"The drawing is locked in cell {cell + 1} of the grid.")

    def _to_timeline(self) -> None:
        state = self._player.state
        if (answer := state.drawing.answer) is None:
            return
        if not state.timeline.full:
            self._editor.edit("keyframe", lambda before: before.with_keyframe(answer))
        self.notified.emit(state.timeline.next_is)

    def _to_hand(self) -> None:
        number, answer = self._player.state.number, self._player.state.drawing.answer
        if answer is None:
            return
        self._editor.edit("hand", lambda before: before.with_drawn(answer))
        self.notified.emit(number.next_drawn)


def _without_answer(drawing: Drawing) -> Drawing:
    return replace(drawing, answer=None, error=0.0, settled=False)


def _with_picture(state: ViewState, picture: bytes) -> ViewState:
    return state.with_mode("draw").with_drawing(state.drawing.with_picture(picture))
