"""The real pictures of the open generator, and the search for those nearest to a cell, on a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np
from PySide6.QtCore import QObject, Signal

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from viewer.core.files import Report
from viewer.core.real.nearest import Found, Neighbours, by_pixels
from viewer.core.real.pictures import RealPictures, load
from viewer.engine.background import Background
from viewer.engine.predictions import features

FEATURES_AT_ONCE = 500


class RealStore:
    """What was read and computed of the real pictures, so that it is read and computed once for a generator."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: object = None
        self._pictures: RealPictures | None = None
        self._by_pixels: Neighbours | None = None
        self._features: list[Float32] = []
        self._by_features: Neighbours | None = None

    def pictures(self, info: GeneratorInfo) -> RealPictures:
        """Return the pictures that a generator learned from. Any thread may call it. Raises DataError."""
        stated = tuple(info.provenance.get(name) for name in ("dataset", "data_sha256", "config"))
        key = (stated, info.classes, info.outputs())
        with self._lock:
            if self._pictures is None or key != self._key:
                self._key, self._pictures, self._by_pixels = key, None, None
                self._features, self._by_features = [], None
                self._pictures = load(info)
            return self._pictures

    def by_pixels(self, pictures: RealPictures, report: Report) -> Neighbours:
        """Return the neighbours by pixels. One thread at a time may call this and `by_features`."""
        if self._by_pixels is None:
            self._by_pixels = by_pixels(pictures.pixels, pictures.labels).measured(report)
        return self._by_pixels

    def by_features(self, info: GeneratorInfo, pictures: RealPictures, report: Report) -> Neighbours | None:
        """Return the neighbours by the bundled classifier's features; None if it does not fit such pictures.

        It takes about 20 s for 60,000 pictures. A search that is cancelled goes on from there the next time.
        """
        if self._by_features is None:
            of = len(pictures.pixels)
            while (done := len(self._features) * FEATURES_AT_ONCE) < of:
                report(done, of)
                found = features(info, pictures.pixels[done : done + FEATURES_AT_ONCE])
                if found is None:
                    return None
                self._features.append(found)
            rows = np.concatenate(self._features)
            self._by_features = Neighbours(rows, pictures.labels).measured(report)
            self._features = []
        return self._by_features


@dataclass(frozen=True)
class Nearness:
    """The real pictures nearest to a generated one."""

    pictures: RealPictures
    pixels: Found
    shape: Found | None
    """By the classifier's features; None before they are computed, or if the classifier does not fit."""


class NearestSearch(QObject):
    """Searches the real pictures nearest to one, of one generated picture at a time."""

    progressed = Signal(int, int)
    """How many real pictures are looked at, and of how many."""
    found = Signal(object)
    """Nearness: first without `shape`, then once more with it if the classifier fits."""
    failed = Signal(str)
    """A sentence: why there are no real pictures to compare with."""
    finished = Signal()
    """All is found, or nothing will be."""

    def __init__(self, store: RealStore) -> None:
        super().__init__()
        self._store = store
        self._background: Background | None = None

    def search(self, info: GeneratorInfo, pixels: UInt8) -> None:
        """Search for the neighbours of a picture, uint8 [h, w], instead of those of the one before."""
        self.close_down()
        store, found = self._store, self.found

        def work(report: Report) -> None:
            pictures = store.pictures(info)
            nearest = store.by_pixels(pictures, report).nearest(pixels.reshape(-1))
            report(0, 0)
            found.emit(Nearness(pictures, nearest, None))
            described = features(info, pixels[None])
            if described is not None and (index := store.by_features(info, pictures, report)) is not None:
                shape = index.nearest(described[0])
                report(0, 0)
                found.emit(Nearness(pictures, nearest, shape))

        background = self._background = Background(work, "nearest real pictures")
        background.progressed.connect(self.progressed)
        background.failed.connect(self.failed)
        background.succeeded.connect(lambda _: self.finished.emit())
        background.start()

    def close_down(self) -> None:
        """Stop the search, and wait until its thread has ended."""
        if self._background is not None:
            for signal in (self._background.progressed, self._background.failed, self._background.succeeded):
                signal.disconnect()
            self._background.cancel()
            self._background.wait()
            self._background = None
