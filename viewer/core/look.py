"""How pixels are shown: colour map, inversion, Gaussian smoothing."""

from __future__ import annotations

from dataclasses import dataclass

COLOUR_MAPS = ("grey", "ink", "ember", "ice", "viridis", "magma")
SMOOTHING_MAX = 3.0
"""Pixels."""


@dataclass(frozen=True)
class Look:
    """What is done to every picture after the generator made it. Raises ValueError where a value is out of range."""

    colour_map: str = "grey"
    """Of grey pictures; colour pictures keep their colours."""
    invert: bool = False
    smoothing: float = 0.0
    """Sigma of a Gaussian filter in pixels; 0 is none."""
    beside: bool = False
    """Show each picture before the filter at the left of the same after it."""
    squares: bool = False
    """Enlarge pixels to squares instead of softening them."""

    def __post_init__(self) -> None:
        if self.colour_map not in COLOUR_MAPS or not 0 <= self.smoothing <= SMOOTHING_MAX:
            raise ValueError(f"there is no look {self.colour_map} with smoothing {self.smoothing}")
