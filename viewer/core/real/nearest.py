"""The real pictures nearest to a generated one, and whether it is a copy of one of them.

How near is near? Real pictures have neighbours, too. So for some of each class, the distance to the nearest other one
is measured. A generated picture whose nearest real one is farther away than usual is no copy, and one whose nearest is
nearer than any of these may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from export.runtime.arrays import Float32, Int64, UInt8
from viewer.core.files import Report

COUNT = 5
"""How many neighbours are shown."""
CHUNK = 2000 * 784
"""Numbers that are converted to float32 at once: 6 MiB."""
MEASURED, PER_CLASS = 1000, 100
"""How many real pictures are measured in all, and of each class."""
PIXELS = 127.5
"""Pixel levels per unit of [-1, 1], in which distances are given."""
COPY = 0.02
"""Root mean squared error in [-1, 1], below which nobody sees a difference."""
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """The nearest real pictures."""

    rows: tuple[int, ...]
    """Where they are among the real pictures, nearest first."""
    distances: tuple[float, ...]
    """Root mean squared differences: of pixels in [-1, 1], or of features."""
    label: int
    """The class of the nearest one."""
    usual: float
    """The median distance of a real picture of this class to its nearest other one."""
    nearer: float
    """The share of real pictures of this class that are nearer to another one."""


@dataclass(frozen=True)
class Neighbours:
    """Real pictures that are searched by their pixels, or by features of them."""

    rows: UInt8 | Float32
    """[n, d]."""
    labels: Int64
    """[n]."""
    unit: float = 1.0
    """Distances are divided by it."""
    floors: dict[int, Float64] = field(default_factory=dict)
    """For each class, the sorted distances of some of its pictures to their nearest other picture of any class."""

    def measured(self, report: Report) -> Neighbours:
        """Return the same with `floors`. It takes about a second for 60,000 pictures."""
        each = max(1, min(PER_CLASS, MEASURED // max(1, len(np.unique(self.labels)))))
        random = np.random.default_rng(0)
        chosen = [
            random.permutation(np.flatnonzero(self.labels == label))[:each] for label in np.unique(self.labels).tolist()
        ]
        some = np.concatenate(chosen)
        wanted = self.rows[some].astype(np.float32)
        squares = np.einsum("nd,nd->n", wanted, wanted)
        best = np.full(len(some), np.inf, np.float32)
        for start in range(0, len(self.rows), self._chunk):
            report(start, len(self.rows))
            part = self.rows[start : start + self._chunk].astype(np.float32)
            errors = squares[:, None] + np.einsum("nd,nd->n", part, part) - 2 * wanted @ part.T
            itself = np.flatnonzero((some >= start) & (some < start + self._chunk))
            errors[itself, some[itself] - start] = np.inf
            best = np.minimum(best, errors.min(axis=1))
        distances = self._distance(best)
        labels = self.labels[some]
        floors = {label: np.sort(distances[labels == label]) for label in np.unique(labels).tolist()}
        return Neighbours(self.rows, self.labels, self.unit, floors)

    def nearest(self, wanted: UInt8 | Float32, count: int = COUNT) -> Found:
        """Return the real pictures nearest to one, [d]. It takes about 20 ms for 60,000 pictures."""
        target = wanted.astype(np.float32)
        squares = np.empty(len(self.rows), np.float32)
        for start in range(0, len(self.rows), self._chunk):
            error = self.rows[start : start + self._chunk].astype(np.float32) - target
            squares[start : start + self._chunk] = np.einsum("nd,nd->n", error, error)
        count = min(count, len(squares))
        order = np.argpartition(squares, count - 1)[:count]
        order = order[np.argsort(squares[order], kind="stable")]
        distances = self._distance(squares[order])
        label = int(self.labels[order[0]])
        floor = self.floors.get(label, np.empty(0))
        nearer = float((floor < distances[0]).mean()) if len(floor) else 0.0
        usual = float(np.median(floor)) if len(floor) else 0.0
        return Found(tuple(order.tolist()), tuple(distances.tolist()), label, usual, nearer)

    @property
    def _chunk(self) -> int:
        """Rows that are converted at once."""
        return max(1, CHUNK // int(self.rows.shape[1]))

    def _distance(self, squares: Float32) -> Float64:
        means = np.maximum(squares.astype(np.float64), 0) / self.rows.shape[1]
        distances: Float64 = np.sqrt(means) / self.unit
        return distances


def by_pixels(pixels: UInt8, labels: Int64) -> Neighbours:
    """Return what finds neighbours by their pixels, uint8 [n, height, width] or [n, height, width, 3]."""
    return Neighbours(pixels.reshape(len(pixels), -1), labels, PIXELS)


def is_copy(by_pixels: Found) -> bool:
    """Whether a picture looks the same as the nearest real one."""
    return by_pixels.distances[0] <= COPY


def verdict(found: Found, title: str, class_name: str) -> str:
    """Answer in words whether a picture is a copy, by its pixels.

    title: the data set. class_name: of the nearest picture; empty if it has no class.
    """
    if is_copy(found):
        exactly = "This very picture is" if found.distances[0] == 0.0 else "To the eye, this picture is"
        return f"A copy! {exactly} in {title}."
    of = of_class(class_name)
    if found.nearer == 0.0:
        return f"Almost a copy: it is nearer to a picture of {title} than those{of} there are to each other."
    if found.nearer > 0.99:
        return f"Not a copy. No picture{of} in {title} is this far from all others."
    return f"Not a copy: {_of_hundred(found.nearer)}{of} in {title} have a nearer neighbour."


def verdict_by_shape(found: Found, title: str, class_name: str) -> str:
    """Say how near a picture is to the nearest real one by its features; see `verdict`."""
    of = of_class(class_name)
    if found.nearer == 0.0:
        return f"Its shape is nearer to a picture of {title} than those{of} there are to each other."
    if found.nearer > 0.99:
        return f"No picture{of} in {title} has a shape this far from all others."
    return f"{_of_hundred(found.nearer)}{of} in {title} have a neighbour whose shape is nearer."


def of_class(name: str) -> str:
    """Return " of class 3", or an empty string for pictures without a class."""
    return f" of class {name}" if name else ""


def _of_hundred(share: float) -> str:
    return f"{min(max(round(100 * share), 1), 99)} of 100 pictures"
