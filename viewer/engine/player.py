"""Holds the state, advances it in time, and requests frames from the worker. No widgets."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from viewer.core.scene.cells import scene_of
from viewer.core.scene.messages import (
    Answer,
    CompareRequest,
    Failure,
    Frame,
    Job,
    LongJob,
    Opened,
    OpenRequest,
    RenderRequest,
)
from viewer.core.state.number import cannot_write
from viewer.core.state.view_state import ViewState, left_out
from viewer.engine.worker import Worker, open_model

TICK_MS = 16
LONGEST_STEP_S = 0.25
"""Longest advance of the state per tick, so that a walk does not leap ahead after a laptop was asleep."""


class FrameRate:
    """Measures frames per second over the last second or so."""

    def __init__(self, window_s: float = 1.0) -> None:
        self._window_s = window_s
        self._times: deque[float] = deque()

    def add(self, now_s: float) -> None:
        """Count a frame at `now_s`, on a monotonic clock."""
        self._times.append(now_s)
        while now_s - self._times[0] > self._window_s:
            self._times.popleft()

    def clear(self) -> None:
        """Forget all frames."""
        self._times.clear()

    def per_second(self) -> float | None:
        """Return frames per second, or None if there are too few frames."""
        if len(self._times) < 3 or self._times[-1] <= self._times[0]:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])


class Player(QObject):
    """Turns states into frames, and runs other jobs on the generator.

    It requests a frame when the state changes, including by the clock of a playing walk. A paused player does nothing.
    """

    state_changed = Signal(object)
    """ViewState: after every change, including those by the clock."""
    opened = Signal(object)
    """Opened: another generator was opened."""
    frame_ready = Signal(object)
    """Frame of the open generator."""
    compared = Signal(object)
    """Opened: a second generator was opened to compare; None: it was closed."""
    second_ready = Signal(object)
    """Frame of the second generator, or of the difference."""
    emptied = Signal()
    """There is nothing to show: a timeline without keyframes, a pad without corners, no number."""
    answered = Signal(object)
    """Answer: a job has finished."""
    notified = Signal(str)
    """A message: what could not be kept when another generator was opened."""
    failed = Signal(object)
    """Failure: a request failed; what was open stays open."""

    def __init__(self, provider: str = "auto", opener: Callable[[Path, str], Generator] = open_model) -> None:
        """provider: "auto", "cpu" or "cuda", for every generator. opener: see Worker."""
        super().__init__()
        self.state = ViewState()
        self.model: Opened | None = None
        self.second: Opened | None = None
        self.frame: Frame | None = None
        """The last frame, of any model."""
        self.rate = FrameRate()
        self.directions: Float32 | None = None
        """The open generator's principal directions, float32 [directions, latent], once they are found."""
        self._provider = provider
        self._generations = 0
        self._sequence = 0
        self._empty = False
        self._last_tick_s = 0.0
        self._clock = QTimer(self)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)  # the coarse kind is off by 5 %
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._worker = Worker(opener)
        self._worker.opened.connect(self._on_opened)
        self._worker.rendered.connect(self._on_rendered)
        self._worker.compared.connect(self._on_compared)
        self._worker.second_rendered.connect(self._on_second_rendered)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_failed)
        self._worker.start()

    @property
    def empty(self) -> bool:
        """Whether the state has nothing to show, so that no frame will come."""
        return self._empty

    def open(self, path: Path) -> None:
        """Open a model file or run directory. Emits `opened` or `failed`."""
        self._generations += 1
        self._worker.mailbox.put(OpenRequest(self._generations, path, self._provider))

    def awaits_another(self, opened: Opened) -> bool:
        """Return whether another generator was requested after this one."""
        return opened.generation < self._generations

    def compare(self, path: Path | None) -> None:
        """Open a second generator to compare, or close it (None). Emits `compared` or `failed`.

        A generator that does not fit leaves the comparison as it was; one that fails to render ends it.
        """
        self._worker.mailbox.put(CompareRequest(path, self._provider))

    def apply(self, state: ViewState) -> None:
        """Change the state, fitted to the open generator. Does nothing without a generator."""
        if self.model is None or (state := state.fitted(self.model.info)) == self.state:
            return
        if state.playing != self.state.playing:
            self._keep_time(state.playing)
        self.state = state
        self.state_changed.emit(state)
        self._request()

    def ask(self, name: str, function: Callable[[Generator], Any], outlives: bool = False) -> None:
        """Run a short function on the worker, after the pending frame. Emits `answered` with `name` and the result.

        A newer job of the same name replaces a waiting one. outlives: see `Job`; it is then not answered if another
        generator has been opened. Does nothing without a generator.
        """
        if self.model is not None:
            self._worker.mailbox.put(Job(self.model.generation, name, function, outlives))

    def ask_long(self, name: str, function: Callable[[GeneratorInfo, Run], Any], gives_way: bool = False) -> None:
        """Run a longer function on the worker, between whose parts frames are rendered; see `ask` and `LongJob`."""
        if self.model is not None:
            self._worker.mailbox.put(LongJob(self.model.generation, name, function, gives_way))

    def refresh(self) -> None:
        """Request the frame of the current state again."""
        self._request()

    def close(self) -> None:
        """Stop the clock and the worker. May be called more than once."""
        self._clock.stop()
        self._worker.stop()

    def _keep_time(self, playing: bool) -> None:
        self.rate.clear()
        if playing:
            self._last_tick_s = time.perf_counter()
            self._clock.start()
        else:
            self._clock.stop()

    def _tick(self) -> None:
        now_s = time.perf_counter()
        elapsed_s, self._last_tick_s = now_s - self._last_tick_s, now_s
        self.apply(self.state.advanced(min(elapsed_s, LONGEST_STEP_S)))

    def _request(self) -> None:
        if self.model is None:
            return
        self._sequence += 1
        scene = scene_of(self.model.info, self.state, self.directions)
        self._empty = scene is None
        if scene is None:
            self.emptied.emit()
        else:
            self._worker.mailbox.put(
                RenderRequest(self.model.generation, self._sequence, scene, self.state.look, self.state.compare_view)
            )

    def _on_opened(self, opened: Opened) -> None:
        before = self.state if self.model is None else self.state.carried(self.model.info.classes, opened.info.classes)
        fitted = before.fitted(opened.info)
        fitted = fitted.with_number(fitted.number.suited(opened.info.classes))
        if fitted.mode == "number" and cannot_write(opened.info.classes):
            fitted = fitted.with_mode("grid")
        lost = left_out(self.state, fitted)
        changed = fitted != self.state
        if fitted.playing != self.state.playing:
            self._keep_time(fitted.playing)
        self.model, self.state = opened, fitted
        self.directions = None
        self.rate.clear()
        self.opened.emit(opened)
        if changed:
            self.state_changed.emit(self.state)  # which may have changed again meanwhile
        if lost:
            self.notified.emit(lost)
        self._request()

    def _on_rendered(self, frame: Frame) -> None:
        if self._empty or self.model is None or frame.generation != self.model.generation:
            return
        self.frame = frame
        if self.state.playing:
            self.rate.add(time.perf_counter())
        self.frame_ready.emit(frame)

    def _on_compared(self, opened: Opened | None) -> None:
        self.second = opened
        self.compared.emit(opened)
        self._request()

    def _on_second_rendered(self, frame: Frame) -> None:
        if not self._empty and self.second and self.model and frame.generation == self.model.generation:
            self.second_ready.emit(frame)

    def _on_answered(self, answer: Answer) -> None:
        if self.model is not None and answer.generation == self.model.generation:
            self.answered.emit(answer)

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, RenderRequest):
            self.apply(self.state.with_playing(False))  # or it would fail again with every tick
        self.failed.emit(failure)
        if isinstance(failure.request, CompareRequest) and failure.request.path is None and self.second is not None:
            self.second = None
            self.compared.emit(None)
