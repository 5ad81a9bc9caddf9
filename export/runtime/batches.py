"""Split a request into the batches of a session."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from export.runtime.arrays import Float32

LARGEST = 64
"""Largest batch on a CPU; larger ones are no faster and take more memory."""
BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes on a GPU. It makes a plan for every new size, so there are few, and all are warmed up first."""


def cut(count: int, sizes: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Yield start, stop and batch size of each call for `count` images; a batch larger than stop - start is padded.

    sizes: the batch sizes to use, in ascending order; empty for any size up to `LARGEST`.
    """
    largest = sizes[-1] if sizes else LARGEST
    for start in range(0, count, largest):
        stop = min(start + largest, count)
        wanted = stop - start
        yield start, stop, next((size for size in sizes if size >= wanted), wanted)


def padded(rows: Float32, size: int) -> Float32:
    """Return rows [n, length] with rows of zeros after them, [size, length]."""
    missing = size - len(rows)
    return np.concatenate([rows, np.zeros((missing, rows.shape[1]), np.float32)]) if missing else rows
