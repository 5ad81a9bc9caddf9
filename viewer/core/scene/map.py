"""A map of many samples: pictures that are alike lie near each other.

The plane is that of the two principal axes (Pearson 1901; Hotelling 1933) of what describes the pictures: a
classifier's features where one fits, else their pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.pixels import to_pixels
from viewer.core.files import Report
from viewer.core.scene.cells import moved, row_of
from viewer.core.state.samples import Sample, of_class
from viewer.core.state.view_state import PIXEL_BUDGET, ViewState

SAMPLES = 1000
PART = 64
"""Samples that are generated at once."""
THUMBNAIL = 48
"""Largest side of a thumbnail in pixels; larger pictures are reduced."""
LONGEST = 3.0
"""The first axis may be shown so many times as long as the second one, which is stretched as far as that."""
SAME = 1e-6
"""Length of the first axis below which all is a single point."""
LEAST_SPREAD = 0.02
"""Root mean squared difference of pixels in [-1, 1] from their mean, below which all pictures are the same."""
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axes:
    """A plane, and the part of it that the map shows."""

    mean: Float64
    """[d]."""
    axes: Float64
    """[2, d], orthonormal; the first is the one along which pictures differ most."""
    low: Float64
    """[2]: a corner of the rectangle that the map shows."""
    size: Float64
    """[2]: its width and height; 0 if what the plane was made of is a single point."""

    def places(self, rows: Float32) -> Float64:
        """Return where rows [n, d] are, float64 [n, 2]: the rectangle is mapped to [0, 1], and y points downwards."""
        if self.size[0] == 0.0:
            return np.full((len(rows), 2), 0.5)
        placed: Float64 = ((rows - self.mean) @ self.axes.T - self.low) / self.size
        placed[:, 1] = 1 - placed[:, 1]
        return placed


def principal_axes(rows: Float32) -> Axes:
    """Return the plane of the two principal axes of rows [n, d]."""
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean
    count, size = centred.shape
    if size <= count:
        vectors = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1].T
    else:  # the same axes, from the smaller matrix of products between rows
        vectors = np.linalg.eigh(centred @ centred.T)[1][:, :-3:-1].T @ centred
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    axes = np.zeros((2, size))
    axes[: len(vectors)] = vectors
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])  # an axis has no direction: choose one
    axes *= np.where(signs == 0, 1, signs)[:, None]
    flat = centred @ axes.T
    low, size = flat.min(axis=0), np.ptp(flat, axis=0)
    if size[0] <= SAME:
        return Axes(mean, axes, low, np.zeros(2))
    enough = np.maximum(size, size[0] / LONGEST)
    return Axes(mean, axes, low - (enough - size) / 2, enough)


@dataclass(frozen=True)
class Samples:
    """What a map is made of."""

    samples: tuple[Sample, ...]
    pixels: UInt8
    """Thumbnails, uint8 [n, h, w] or [n, h, w, 3]."""
    base: UInt8
    """The same samples without truncation and directions: they give the axes where no real pictures do."""


@dataclass(frozen=True)
class Real:
    """Real pictures beside the samples of a map."""

    title: str
    pixels: UInt8
    labels: tuple[str, ...]
    places: Float64


@dataclass(frozen=True)
class Map:
    """Samples on the plane."""

    samples: tuple[Sample, ...]
    pixels: UInt8
    places: Float64
    """[n, 2]: mostly in [0, 1], from the top left."""
    described: str
    """What the axes are made of: "shape" for a classifier's features, "pixels"."""
    spread: float
    """The samples' `spread_of` as a share of that of the real pictures; or, without real ones, of that of the same
    samples without truncation and directions."""
    collapsed: bool
    """Whether all samples are the same picture."""
    real: Real | None = None
    why_not: str = ""
    """A sentence: why there are no real pictures."""


def samples_of_map(info: GeneratorInfo, state: ViewState) -> tuple[Sample, ...]:
    """Return the samples of a state's map: those of its seed, with its classes in turn, as many as fit in memory."""
    count = max(1, min(SAMPLES, PIXEL_BUDGET // (info.height * info.width)))
    classes = state.digits or tuple(range(len(info.classes)))
    return tuple(
        of_class(state.seed, place, classes[place % len(classes)] if info.conditional else None)
        for place in range(count)
    )


def draw_samples(
    info: GeneratorInfo, run: Run, state: ViewState, directions: Float32 | None, report: Report
) -> Samples:
    """Generate the samples of a map with `run`, in parts."""
    samples = samples_of_map(info, state)
    plain = row_of(info, samples)
    scene = moved(plain, state, directions)
    unmoved = np.array_equal(scene.z, plain.z)
    of = len(samples) if unmoved else 2 * len(samples)

    def drawn(z: Float32, done: int) -> UInt8:
        parts = []
        for start in range(0, len(z), PART):
            report(done + start, of)
            rows = slice(start, start + PART)
            parts.append(thumbnails(to_pixels(run(z[rows], None if plain.y is None else plain.y[rows]))))
        return np.concatenate(parts)

    pixels = drawn(scene.z, 0)
    return Samples(samples, pixels, pixels if unmoved else drawn(plain.z, len(samples)))


def thumbnails(pixels: UInt8) -> UInt8:
    """Reduce pictures, uint8 [n, h, w] or [n, h, w, 3], to at most THUMBNAIL pixels, by means of whole squares."""
    factor = -(-max(pixels.shape[1:3]) // THUMBNAIL)
    if factor == 1:
        return pixels
    height, width = max(pixels.shape[1] // factor, 1), max(pixels.shape[2] // factor, 1)
    cut = pixels[:, : height * factor, : width * factor]
    blocks = cut.reshape(len(cut), height, min(factor, cut.shape[1]), width, min(factor, cut.shape[2]), *cut.shape[3:])
    reduced: UInt8 = np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
    return reduced


def spread_of(rows: Float32, labels: Int64 | None = None) -> float:
    """Return the root mean squared distance of rows [n, d] from their mean, or from that of their own class.

    labels: [n], or None if the rows have no classes.
    """
    groups = [rows] if labels is None else [rows[labels == label] for label in np.unique(labels)]
    squared = sum(float(group.var(axis=0, dtype=np.float64).sum()) * len(group) for group in groups)
    return float(np.sqrt(squared / len(rows)))


def as_rows(pixels: UInt8) -> Float32:
    """Return pictures as rows of pixels in [-1, 1], float32 [n, d]."""
    return pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(127.5) - 1


def is_collapsed(pixels: UInt8) -> bool:
    """Whether all pictures are the same to the eye."""
    rows = as_rows(pixels)
    return len(rows) > 1 and spread_of(rows) / rows.shape[1] ** 0.5 < LEAST_SPREAD
