"""Connected parts of a mask, in numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bool = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; `bottom` and `right` are outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    def union(self, other: Box) -> Box:
        """Return the smallest box around both."""
        return Box(
            min(self.top, other.top), min(self.left, other.left),
            max(self.bottom, other.bottom), max(self.right, other.right),
        )  # fmt: skip


def label(mask: Bool) -> tuple[Labels, list[Box], list[int]]:
    """Number the 8-connected parts of a mask [h, w] from 1.

    Return the numbers [h, w] (0 outside the mask), and the box and the pixels of each part. Rows are cut into runs;
    runs that touch in neighbouring rows take the smaller number until nothing changes.
    """
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    stops = np.nonzero(steps == -1)[1]
    if not len(rows):
        return np.zeros(mask.shape, np.int64), [], []
    upper, lower = _touching(rows, starts, stops, width)
    parents = np.arange(len(rows))
    while True:
        smaller = np.minimum(parents[upper], parents[lower])
        before = parents.copy()
        np.minimum.at(parents, upper, smaller)
        np.minimum.at(parents, lower, smaller)
        np.minimum.at(parents, before[upper], smaller)
        np.minimum.at(parents, before[lower], smaller)
        parents = parents[parents]
        if np.array_equal(parents, before):
            break
    _, numbers = np.unique(parents, return_inverse=True)
    count = int(numbers.max()) + 1
    lengths = stops - starts
    areas = np.bincount(numbers, lengths, count).astype(np.int64)
    corners = np.empty((4, count), np.int64)
    for row, (values, reduce, first) in enumerate(
        ((rows, np.minimum, height), (starts, np.minimum, width), (rows + 1, np.maximum, 0), (stops, np.maximum, 0))
    ):
        corners[row] = first
        reduce.at(corners[row], numbers, values)
    labels = np.zeros(mask.shape, np.int64)
    labels[mask] = np.repeat(numbers + 1, lengths)  # runs and the pixels of a mask have the same order
    return labels, [Box(*map(int, corner)) for corner in corners.T], [int(area) for area in areas]


def _touching(rows: Labels, starts: Labels, stops: Labels, width: int) -> tuple[Labels, Labels]:
    """Return the pairs of runs in neighbouring rows that touch, also at a corner."""
    stride = width + 3
    ends = rows * stride + stops  # both are sorted, and the runs of a row never overlap
    begins = rows * stride + starts
    first = np.searchsorted(ends, begins + stride, "left")  # runs below that end at or after this one's start
    last = np.searchsorted(begins, ends + stride, "right")  # and start at or before this one's end
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(first, counts) + within
