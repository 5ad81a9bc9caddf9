"""The seeds that were used before."""

from __future__ import annotations

MOST_SEEDS = 20


def remembered(seeds: tuple[int, ...], seed: int) -> tuple[int, ...]:
    """The history once `seed` was used: each seed once, the newest first."""
    return (seed, *(other for other in seeds if other != seed))[:MOST_SEEDS]
