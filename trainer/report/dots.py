"""Where the dots of a figure stand beside the floor, for a page that draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.scoring.metrics import Figure

MARGIN = 4
"""Per cent of the width that stay free at both ends."""
ORDERS = 30
"""Positive values with larger ratios stand on a logarithmic scale."""


@dataclass(frozen=True)
class Dots:
    """A figure of several generators. Places are per cent of the width."""

    figure: Figure
    places: list[float | None]
    """Of each generator; None where it lacks the figure."""
    floor: float | None
    band: tuple[float, float] | None
    """Begin and width of the floor's mean plus and minus its spread."""
    logarithmic: bool


def dots(figure: Figure, values: Sequence[float | None], floor: float | None, spread: float | None) -> Dots:
    """Place `values`, None where one is missing, and the floor on one scale."""
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
        return Dots(figure, places, None, None, logarithmic)
    left, right = map(place, edges)
    return Dots(figure, places, place(floor), (left, round(right - left, 2)), logarithmic)
