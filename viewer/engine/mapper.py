"""Draws the samples of a map on the worker, and places them on the plane on a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from digitforge.errors import DataError
from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import Float32, Int64, UInt8
from viewer.core.files import Report
from viewer.core.scene.map import (
    SAMPLES,
    Axes,
    Map,
    Real,
    Samples,
    as_rows,
    draw_samples,
    is_collapsed,
    principal_axes,
    spread_of,
)
from viewer.core.scene.messages import Answer, Failure, LongJob
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.engine.background import Background
from viewer.engine.player import Player
from viewer.engine.predictions import features
from viewer.engine.real import RealStore

NAME = "map"
SLOW_S = 1.0
"""A map that takes longer than this to draw is given up for a newer one."""


@dataclass(frozen=True)
class _Plane:
    """The axes of a map, and the real pictures on them."""

    axes: Axes
    spread: float
    """See `Map.spread`."""
    real: Real | None
    why_not: str


class Mapper(QObject):
    """Makes the map of a state whenever what it shows changes."""

    progressed = Signal(int, int)
    """Samples drawn, and of how many."""
    ready = Signal(object)
    """Map."""
    failed = Signal()
    """The samples could not be drawn; the player emits the reason."""

    def __init__(self, player: Player, store: RealStore) -> None:
        super().__init__()
        self._player = player
        self._store = store
        self._key: Hashable = None
        self._slow = False
        self._waiting: Samples | None = None
        self._background: Background | None = None
        self._plane: tuple[Hashable, _Plane] | None = None
        player.answered.connect(self._on_answered)
        player.failed.connect(self._on_failed)

    def show(self, state: ViewState) -> None:
        """Make the map of a state, unless it is the last one that was made."""
        model, directions = self._player.model, self._player.directions
        if model is None:
            return
        moved = (state.truncation, state.amounts, state.shifts, directions is not None and bool(state.amounts))
        key = (model.generation, state.seed, state.digits, moved)
        if key == self._key:
            return
        self._key = key
        report = self.progressed.emit

        def draw(info: GeneratorInfo, run: Run) -> tuple[Samples, float]:
            start = time.perf_counter()
            samples = draw_samples(info, run, state, directions, report)
            return samples, time.perf_counter() - start

        self._player.ask_long(NAME, draw, gives_way=self._slow)

    def close_down(self) -> None:
        """Stop the work, and wait until its thread has ended."""
        self._waiting = None
        if self._background is not None:
            self._background.succeeded.disconnect()
            self._background.cancel()
            self._background.wait()
            self._background = None

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != NAME:
            return
        samples, seconds = answer.value
        self._slow = seconds > SLOW_S
        self._waiting = samples
        self._place()

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, LongJob) and failure.request.name == NAME:
            self._key = None
            self.failed.emit()

    def _place(self) -> None:
        """Place the samples that wait, unless others are being placed."""
        samples, model = self._waiting, self._player.model
        if samples is None or model is None or self._background is not None:
            return
        self._waiting = None
        info, generation, digits = model.info, model.generation, self._player.state.digits
        key = (generation, digits)
        known = self._plane[1] if self._plane is not None and self._plane[0] == key else None

        def work(report: Report) -> tuple[Hashable, _Plane, Map]:
            plane = known if known is not None and known.real is not None else self._make_plane(info, digits, samples)
            report(0, 0)
            return key, plane, _placed(info, plane, samples)

        background = self._background = Background(work, "map")
        background.succeeded.connect(self._on_placed)
        background.finished.connect(self._on_finished)
        background.start()

    def _on_placed(self, value: tuple[Hashable, _Plane, Map]) -> None:
        key, plane, found = value
        self._plane = (key, plane)
        model = self._player.model
        if model is not None and key == (model.generation, self._player.state.digits):
            self.ready.emit(found)

    def _on_finished(self) -> None:
        if self._background is not None:
            self._background.wait()
            self._background = None
        self._place()

    def _make_plane(self, info: GeneratorInfo, digits: tuple[int, ...], samples: Samples) -> _Plane:
        """Return the plane of the real pictures, or of the samples' own base where there are none."""
        try:
            pictures = self._store.pictures(info)
        except DataError as error:
            rows, _ = _described(info, samples.base)
            axes = principal_axes(rows)
            if is_collapsed(samples.base):
                axes = replace(axes, size=np.zeros(2))
            return _Plane(axes, spread_of(rows, _labels(samples.samples)), None, str(error))
        chosen = np.arange(len(pictures.labels))
        if digits:
            numbers = [pictures.classes.index(info.classes[one]) for one in digits]
            chosen = np.flatnonzero(np.isin(pictures.labels, numbers))
        some = np.random.default_rng(0).permutation(chosen)[:SAMPLES]
        rows, _ = _described(info, pictures.pixels[some])
        axes = principal_axes(rows)
        labels = tuple(pictures.classes[one] for one in pictures.labels[some])
        spread = spread_of(rows, pictures.labels[some] if info.conditional else None)
        return _Plane(axes, spread, Real(pictures.title, pictures.pixels[some], labels, axes.places(rows)), "")


def _placed(info: GeneratorInfo, plane: _Plane, samples: Samples) -> Map:
    rows, described = _described(info, samples.pixels)
    spread = spread_of(rows, _labels(samples.samples)) / plane.spread if plane.spread else 0.0
    return Map(
        samples.samples, samples.pixels, plane.axes.places(rows), described, spread, is_collapsed(samples.pixels),
        plane.real, plane.why_not,
    )  # fmt: skip


def _labels(samples: tuple[Sample, ...]) -> Int64 | None:
    return np.array([sample.label for sample in samples]) if samples[0].mix else None


def _described(info: GeneratorInfo, pixels: UInt8) -> tuple[Float32, str]:
    """Return what the pictures are placed by, float32 [n, d], and what that is."""
    found = features(info, pixels)
    return (as_rows(pixels), "pixels") if found is None else (found, "shape")
