"""A two-dimensional pad spanned by three or four samples."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.samples import Sample


@dataclass(frozen=True)
class Pad:
    """Corners and a point between them. Raises ValueError where a value is out of range."""

    corners: tuple[Sample, ...] = ()
    """Three (top, bottom left, bottom right), four (top left, top right, bottom left, bottom right), or none yet."""
    x: float = 0.5
    """0 (left) to 1."""
    y: float = 0.5
    """0 (top) to 1."""

    def __post_init__(self) -> None:
        if len(self.corners) not in (0, 3, 4) or not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"there is no pad of {len(self.corners)} corners with a point {self.x}, {self.y}")
