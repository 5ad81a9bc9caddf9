"""Positions for a chart of one metric: a dot for each run, and the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.scoring.metrics import Metric

MARGIN = 4
"""Empty space at both ends, in per cent of the width."""
ORDERS = 30
"""Ratio of the largest to the smallest value above which the scale is logarithmic."""


@dataclass(frozen=True)
class Dots:
    """A metric of several runs. Positions are per cent of the width."""

    metric: Metric
    places: list[float | None]
    """One for each run; None where it lacks the metric."""
    floor: float | None
    band: tuple[float, float] | None
    """Start and width of the floor's mean ± its spread."""
    logarithmic: bool


def dots(metric: Metric, values: Sequence[float | None], floor: float | None, spread: float | None) -> Dots:
    """Place the values of several runs and the floor on one scale. A value is None where it is missing."""
    known = [value for value in [*values, floor] if value is not None]
    logarithmic = min(known, default=0) > 0 and max(known) > ORDERS * min(known)
    edges = [] if floor is None else [floor - (spread or 0), floor + (spread or 0)]
    if logarithmic:
        edges = [max(edge, min(known)) for edge in edges]
    scaled = [math.log10(value) if logarithmic else value for value in known + edges]
    low, high = min(scaled, default=0), max(scaled, default=1)
    if high <= low:
        low, high = low - 1, high + 1

    def place(value: float) -> float:
        share = ((math.log10(value) if logarithmic else value) - low) / (high - low)
        return round(MARGIN + (100 - 2 * MARGIN) * share, 2)

    places = [None if value is None else place(value) for value in values]
    if floor is None:
        return Dots(metric, places, None, None, logarithmic)
    left, right = map(place, edges)
    return Dots(metric, places, place(floor), (left, round(right - left, 2)), logarithmic)
