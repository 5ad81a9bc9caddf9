"""Split a request into the batches of a session."""

from __future__ import annotations

from collections.abc import Iterator

LARGEST = 64
"""Largest batch on a CPU; larger ones are no faster and take more memory."""
BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes on a GPU. It makes a plan for every new size, so there are few, and all are warmed up first."""


def cut(count: int, bucketed: bool) -> Iterator[tuple[int, int, int]]:
    """Yield start, stop and batch size of each call for `count` images; a batch larger than stop - start is padded."""
    largest = BUCKETS[-1] if bucketed else LARGEST
    for start in range(0, count, largest):
        stop = min(start + largest, count)
        wanted = stop - start
        yield start, stop, next(size for size in BUCKETS if size >= wanted) if bucketed else wanted
