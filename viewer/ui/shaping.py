"""Clay: connects the picture that is painted on, the tools, and the search for what the generator makes of it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from export.runtime.arrays import Float32, UInt8
from viewer.core.draw.shape import Paint, Shaped, Shaping, Wanted, cannot_shape, painted
from viewer.core.picture.compose import cell_of, compose
from viewer.core.picture.look import Look
from viewer.core.scene.cells import scene_of_samples, shift_of
from viewer.core.scene.messages import Answer, Frame
from viewer.core.scene.shaped import shaping, where, with_shaped
from viewer.core.state.clay import Clay
from viewer.core.state.drawing import Stroke
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.engine.follower import Follower
from viewer.engine.player import Player
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.inspector import Inspector
from viewer.ui.editor import Editor

NAME = "clay"
Made = tuple[Sample, float, tuple[float, ...], tuple[object, ...]]
"""What a picture is made of: a sample, the truncation, and how far latents move."""


class Shaper(QObject):
    """Follows what is painted on a picture, and puts the result into the place that showed it."""

    notified = Signal(str)
    """A message."""
    failed = Signal(str)
    """An error message."""

    def __init__(self, player: Player, editor: Editor, canvas: Canvas, inspector: Inspector) -> None:
        super().__init__()
        self.follower = Follower(player, NAME, Shaping)
        self._view = inspector.view
        self._picture = inspector.view.picture
        self._tools = inspector.view.tools
        self._player = player
        self._editor = editor
        self._canvas = canvas
        self._inspector = inspector
        self._frame: Frame | None = None  # that of the picture alone; None while nothing is being shaped
        self._base: Sample | None = None
        self._mode = ""
        self._came_large = False
        self._before = player.state
        self._start: Sample | None = None
        self._live: Shaped | None = None
        self._followed: tuple[Clay, Made] | None = None
        self._made: Made | None = None  # of the pixels that are shown or have been asked for
        self._pixels: UInt8 | None = None
        inspector.clay_wanted.connect(self.begin)
        self._view.closed.connect(self.leave)
        self._view.shaping_left.connect(self.leave)
        self._tools.done.connect(self.leave)
        self._tools.tool_chosen.connect(self._picture.choose)
        self._tools.strength_chosen.connect(self._strengthen)
        self._tools.restart_wanted.connect(self._restart)
        self._picture.tool_changed.connect(lambda: self._tools.show_tool(self._picture.thickness, self._picture.dark))
        self._picture.began.connect(self._begin)
        self._picture.changed.connect(self._paint)
        self._picture.drawn.connect(self._add)
        self.follower.found.connect(self._on_found)
        player.answered.connect(self._on_answered)

    @property
    def shaping(self) -> bool:
        """Whether a picture is being shaped."""
        return self._frame is not None

    def begin(self) -> None:
        """Shape the picture of the current cell."""
        frame, cell, model = self._canvas.frame, self._canvas.current, self._player.model
        if self.shaping or frame is None or cell is None or model is None or frame.generation != model.generation:
            return
        if reason := cannot_shape(model.info, self._player.state.truncation):
            self.failed.emit(reason)
            return
        sample = frame.scene.sample(cell)
        self._came_large = self._view.isVisible()
        self._inspector.open_cell(cell)
        self._frame, self._base, self._mode = cell_of(frame, cell), sample, self._player.state.mode
        self._live = self._followed = self._made = None
        self._pixels = frame.pixels[cell]
        self._view.show_shaping(True)
        self._player.apply(shaping(self._player.state, sample, cell))
        self.show_state(self._player.state)

    def leave(self) -> None:
        """Stop shaping. The picture stays as it is."""
        if not self.shaping:
            return
        state = self._player.state
        unfinished = state.mode == self._mode and state.clay.base == self._base
        if unfinished:
            self._settle()
        self._frame = None
        self.follower.follow(None)
        self._view.show_shaping(False)
        if self._view.isVisible():
            if self._came_large:
                self._inspector.refresh()
            else:
                self._view.close_cell()
        if unfinished and state.clay.strokes and state.mode == "number":
            self.notified.emit(f"The picture is locked in cell {state.clay.cell + 1} of the grid.")

    def show_state(self, state: ViewState) -> None:
        """Show what is being shaped, and follow strokes that have no answer yet."""
        if not self.shaping:
            return
        clay = state.clay
        if state.mode != self._mode or clay.base != self._base:
            self.leave()
            return
        self._tools.show_clay(clay, state.look, where(state))
        self._show_look(state.look)
        if self._picture.painting_now:
            if clay.strokes == self._before.clay.strokes:
                return
            self._picture.cancel()  # undone while the brush was down
        if clay.settled:
            self._followed = None
            self.follower.follow(None)
            self._show_sample(clay.shown)
            return
        wanted = replace(clay, answer=None), self._made_of(state, clay.base)
        if self._followed != wanted:
            self._followed, self._start = wanted, clay.shown
            self._follow(painted(clay.strokes))

    def _made_of(self, state: ViewState, sample: Sample | None) -> Made:
        assert sample is not None
        return sample, state.truncation, state.amounts, state.shifts

    def _follow(self, paint: Paint) -> None:
        state, model = self._player.state, self._player.model
        if model is None or self._base is None or self._start is None:
            return
        shift = shift_of(model.info, state, self._player.directions)
        self.follower.follow(Wanted(self._base, self._start, paint, state.clay.strength, state.truncation, shift))

    def _begin(self) -> None:
        self._settle()
        self._before = self._player.state
        self._start = self._before.clay.shown
        self._followed = None

    def _paint(self, cover: Float32, dark: bool) -> None:
        clay = self._player.state.clay
        if not clay.full:
            self._follow(painted(clay.strokes).over(cover, dark))

    def _add(self, stroke: Stroke) -> None:
        """Add a finished stroke as one step: undoing it brings back the picture from before it."""
        if not self.shaping:
            return
        state = self._player.state
        after = state.with_clay(state.clay.with_stroke(stroke))
        if self._live is not None:
            after = _answered(after, self._live.sample, settled=False)
        self._editor.record("clay", self._before, after)

    def _settle(self) -> None:
        """Take the answer as it is, and end the search."""
        self.follower.follow(None)
        if not self._player.state.clay.settled:
            sample = self._player.state.clay.shown if self._live is None else self._live.sample
            assert sample is not None
            self._editor.amend(lambda state: _answered(state, sample, settled=True))
        self._live = None

    def _strengthen(self, strength: float) -> None:
        self._editor.edit("strength", lambda state: state.with_clay(state.clay.with_strength(strength)))

    def _restart(self) -> None:
        def cleared(state: ViewState) -> ViewState:
            base = state.clay.base
            return state if base is None else with_shaped(state.with_clay(state.clay.cleared()), base)

        self._live = None
        self._editor.edit("starting again", cleared)

    def _on_found(self, found: Shaped) -> None:
        if not self.shaping or found.revision != self.follower.revision:
            return
        self._live, self._made = found, None
        self._show_pixels(found.pixels)
        if found.finished and not self._picture.painting_now:
            self._settle()
            self._made = self._made_of(self._player.state, found.sample)

    def _show_sample(self, sample: Sample | None) -> None:
        """Show the picture of a sample, which is rendered first unless it is shown already."""
        model, state = self._player.model, self._player.state
        made = self._made_of(state, sample)
        if model is None or made == self._made or sample is None:
            return
        self._made = made
        scene = scene_of_samples(model.info, (sample,), state, self._player.directions)
        self._player.ask(NAME + " picture", lambda generator: (made, generator.generate_pixels(scene.z, scene.y)[0]))

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == NAME + " picture" and self.shaping and answer.value[0] == self._made:
            self._show_pixels(answer.value[1])

    def _show_pixels(self, pixels: UInt8) -> None:
        self._pixels = pixels
        self._compose(self._player.state.look)

    def _show_look(self, look: Look) -> None:
        if self._frame is not None and self._frame.look != replace(look, beside=False):
            self._compose(look)

    def _compose(self, look: Look) -> None:
        if self._frame is None or self._pixels is None:
            return
        look = replace(look, beside=False)  # the picture to paint on is there once
        pixels = self._pixels[None]
        self._frame = replace(self._frame, picture=compose(pixels, 1, look), pixels=pixels, look=look)
        self._picture.show_frame(self._frame)


def _answered(state: ViewState, sample: Sample, *, settled: bool) -> ViewState:
    return with_shaped(state.with_clay(state.clay.with_answer(sample, settled)), sample)
