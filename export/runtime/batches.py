"""How a request is cut into the calls that a session gets."""

from __future__ import annotations

from collections.abc import Iterator

LARGEST = 64
"""Images a call on a CPU: more are no faster, and hold more memory."""
BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Images a call on a GPU. It plans for each new batch size, so there are few, and all have been met before."""


def cut(count: int, bucketed: bool) -> Iterator[tuple[int, int, int]]:
    """Start, stop and size of each call for `count` images; a call's size is larger than what it computes if padded."""
    largest = BUCKETS[-1] if bucketed else LARGEST
    for start in range(0, count, largest):
        stop = min(start + largest, count)
        wanted = stop - start
        yield start, stop, next(size for size in BUCKETS if size >= wanted) if bucketed else wanted
