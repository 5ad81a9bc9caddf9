"""Shows what is known about the current cell: in a line below the canvas, or with the cell shown large."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication

from export.runtime.generator import Generator
from viewer.core.files.as_python import as_python
from viewer.core.picture.caption import Prediction, caption
from viewer.core.picture.compose import cell_of
from viewer.core.scene.messages import Answer, Failure, Frame, Job
from viewer.core.state.number import cannot_write
from viewer.core.state.samples import Sample, any_sample
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.cell_menu import CellMenu
from viewer.ui.canvas.cell_view import NO_PREDICTION, WHILE_PLAYING, CellView
from viewer.ui.canvas.keys import add_action

NAME = "prediction"


class Inspector(QObject):
    """Classifies the current cell whenever the walk is paused."""

    edited = Signal(str, object)
    """See `Panel.edited`."""
    notified = Signal(str)
    """A message."""
    keep_wanted = Signal()
    """The user wants to keep the current cell."""
    copy_wanted = Signal()
    """The user wants to copy the current cell."""
    clay_wanted = Signal()
    """The user wants to shape the current cell."""
    near_wanted = Signal()
    """The user wants more pictures like the current cell."""
    mix_wanted = Signal()
    """The user wants to mix the current cell with another one."""
    real_wanted = Signal(object, object)
    """The user wants the real pictures nearest to a cell: GeneratorInfo and pixels, uint8 [h, w] or [h, w, 3]."""
    direction_wanted = Signal(tuple, tuple)
    """The user wants the direction that leads to some samples from others."""

    def __init__(self, player: Player, canvas: Canvas) -> None:
        super().__init__()
        self.view = CellView(canvas)
        self.menu = CellMenu(canvas)
        self._player = player
        self._canvas = canvas
        self._predicted: tuple[Frame | None, int | None, Prediction | None] = (None, None, None)
        self._unpredictable = 0  # the generation that cannot be classified; the failure is reported once
        canvas.installEventFilter(self)
        canvas.current_changed.connect(self._show)
        canvas.opened.connect(self._open)
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)
        self.view.lock_wanted.connect(canvas.toggle_lock)
        self.view.copy_wanted.connect(self.copy_wanted)
        self.view.keyframe_wanted.connect(self._add_keyframe)
        self.view.real_wanted.connect(self._compare_with_real)
        canvas.menu_wanted.connect(self._open_menu)
        self.menu.large_wanted.connect(lambda: self._open(self._canvas.current))
        self.menu.lock_wanted.connect(canvas.toggle_lock)
        self.menu.keep_wanted.connect(self.keep_wanted)
        self.menu.copy_wanted.connect(self.copy_wanted)
        self.menu.python_wanted.connect(self._copy_as_python)
        self.menu.keyframe_wanted.connect(self._add_keyframe)
        self.menu.morph_wanted.connect(self._morph)
        self.menu.blend_wanted.connect(self._blend)
        self.menu.hand_wanted.connect(self._write_with)
        self.menu.class_wanted.connect(self._show_class)
        self.menu.direction_wanted.connect(self._make_direction)
        self.menu.grid_wanted.connect(self._lock_in_grid)
        self.menu.mix_wanted.connect(self.mix_wanted)
        for source in (self.menu, self.view):
            source.clay_wanted.connect(self.clay_wanted)
            source.near_wanted.connect(self.near_wanted)
        anywhere = Qt.ShortcutContext.WindowShortcut
        add_action(canvas, "Shape the picture like clay", ("Ctrl+B",), anywhere, self.clay_wanted.emit)
        add_action(canvas, "More pictures like this one", ("Ctrl+M",), anywhere, self.near_wanted.emit)
        self.menu.real_wanted.connect(self._compare_with_real)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.view.setGeometry(self._canvas.rect())
        return False

    def _open_menu(self, at: QPoint) -> None:
        sample, model = self._canvas.sample, self._player.model
        if sample is not None and model is not None:
            name = model.info.classes[sample.mix[0][0]] if len(sample.mix) == 1 else ""
            chosen, others = self._contrasted()
            which = "the locked cells" if any(map(self._canvas.locked, range(len(chosen + others)))) else "this cell"
            direction = f"{which}, not the others" if chosen and others else ""
            writes = not cannot_write(model.info.classes)
            self.menu.show_cell(self._canvas.locked(self._canvas.current), name, direction, writes)
            self.menu.popup(at)

    def open_cell(self, cell: int) -> None:
        """Show a cell large."""
        self._canvas.hold(cell)
        self.view.open_cell()
        self._show()

    def refresh(self) -> None:
        """Show what is known about the current cell again."""
        self._show()

    def _open(self, cell: int | None) -> None:
        if cell is not None:
            self.open_cell(cell)

    def _show(self) -> None:
        frame, cell, sample, model = self._canvas.frame, self._canvas.current, self._canvas.sample, self._player.model
        # The frame may still be one of the generator before.
        outdated = frame is not None and model is not None and frame.generation != model.generation
        if frame is None or cell is None or sample is None or model is None or outdated:
            self._canvas.set_caption("")
            if self.view.isVisible():
                self.view.close_cell()
            return
        known = self._predicted[0] is frame and self._predicted[1] == cell
        prediction = self._predicted[2] if known else None
        self._canvas.set_caption(caption(sample, model.info.classes, prediction))
        if self.view.isVisible():
            self.view.show_cell(cell_of(frame, cell), model.info.classes, self._canvas.locked(cell))
            self.view.show_prediction(prediction, self._note(known, prediction))
        if not known and not self._player.state.playing and model.generation != self._unpredictable:
            self._player.ask(NAME, lambda generator: (frame, cell, _predict(generator, frame, cell)))

    def _note(self, known: bool, prediction: Prediction | None) -> str:
        if self._player.state.playing:
            return WHILE_PLAYING
        return NO_PREDICTION if known and prediction is None else ""

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == NAME:
            self._predicted = answer.value
            if answer.value[0] is self._canvas.frame and answer.value[1] == self._canvas.current:
                self._show()

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, Job) and failure.request.name == NAME:
            self._unpredictable = failure.request.generation

    def _add_keyframe(self) -> None:
        sample, timeline = self._canvas.sample, self._player.state.timeline
        if sample is None:
            return
        if not timeline.full:
            self.edited.emit("keyframe", lambda state: state.with_keyframe(sample))
        self.notified.emit(timeline.next_is)

    def _copy_as_python(self) -> None:
        frame, cell, model = self._canvas.frame, self._canvas.current, self._player.model
        if frame is None or cell is None or model is None:
            return
        scene = frame.scene
        y = None if scene.y is None else scene.y[cell]
        QGuiApplication.clipboard().setText(as_python(model.path, model.info, scene.z[cell], y))
        self.notified.emit("Copied a Python program that makes this picture.")

    def _write_with(self) -> None:
        sample, number = self._canvas.sample, self._player.state.number
        if sample is not None:
            self.edited.emit("hand", lambda state: state.with_drawn(sample))
            self.notified.emit(number.next_drawn)

    def _lock_in_grid(self) -> None:
        if (sample := self._canvas.sample) is not None:
            cell = self._player.state.free_cell
            self.edited.emit(f"lock on cell {cell + 1}", lambda state: state.locked(cell, sample))
            self.notified.emit(f"Locked in cell {cell + 1} of the grid.")

    def _with_others(self, count: int) -> tuple[Sample, ...]:
        """Return the sample of the current cell and those of the cells after it, `count` in all."""
        frame, cell, model = self._canvas.frame, self._canvas.current, self._player.model
        if frame is None or cell is None or model is None:
            return ()
        samples = frame.scene.samples
        shown = (*samples[cell:], *samples[:cell])[:count]
        return (*shown, *(any_sample(model.info) for _ in range(count - len(shown))))

    def _morph(self) -> None:
        if pair := self._with_others(2):
            self.edited.emit("morph", lambda state: _morphing(state, pair))

    def _blend(self) -> None:
        if corners := self._with_others(4):
            self.edited.emit("blend", lambda state: _blending(state, corners))

    def _contrasted(self) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
        """Return the samples of the locked cells, or of the current one if none is locked, and those of the others."""
        frame, cell = self._canvas.frame, self._canvas.current
        if frame is None or cell is None:
            return (), ()
        samples, locked = frame.scene.samples, [bool(self._canvas.locked(place)) for place in range(len(frame.pixels))]
        picked = locked if any(locked) else [place == cell for place in range(len(samples))]
        pairs = list(zip(samples, picked, strict=True))
        return tuple(one for one, in_it in pairs if in_it), tuple(one for one, in_it in pairs if not in_it)

    def _make_direction(self) -> None:
        chosen, others = self._contrasted()
        if chosen and others:
            self.direction_wanted.emit(chosen, others)

    def _compare_with_real(self) -> None:
        frame, cell, model = self._canvas.frame, self._canvas.current, self._player.model
        if frame is not None and cell is not None and model is not None and frame.generation == model.generation:
            self.real_wanted.emit(model.info, frame.pixels[cell])

    def _show_class(self) -> None:
        if (sample := self._canvas.sample) is not None and (label := sample.label) is not None:
            self.edited.emit("digit", lambda state: state.with_mode("grid").with_digits((label,)))


def _morphing(state: ViewState, pair: tuple[Sample, ...]) -> ViewState:
    """Return the state that morphs on to a sample, or between a pair if there is no keyframe yet."""
    for sample in pair[:1] if state.timeline.keyframes else pair:
        state = state.with_keyframe(sample)
    return state.with_mode("path").with_playing(True)


def _blending(state: ViewState, corners: tuple[Sample, ...]) -> ViewState:
    """Return the state that blends a sample with the other corners that there are, else with these."""
    pad = state.pad.with_corner(0, corners[0]) if state.pad.corners else state.pad.with_corners(corners)
    return state.with_pad(pad).with_mode("pad")


def _predict(generator: Generator, frame: Frame, cell: int) -> Prediction | None:
    from viewer.engine.predictions import predict  # not needed for the first frame

    return predict(generator.info, frame.pixels[cell])
