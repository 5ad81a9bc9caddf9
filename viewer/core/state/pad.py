"""A pad: a point between three or four samples."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.plain import check_range
from viewer.core.state.samples import Sample

MAP_SIDE = 5
"""Previews along one edge of the map behind the point."""
PLACES = {3: ((0.5, 0.0), (0.0, 1.0), (1.0, 1.0)), 4: ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))}
"""The positions (x, y) of the corners of a triangle and of a square."""


@dataclass(frozen=True)
class Pad:
    """Corners and a point between them. Raises ValueError for a value out of range."""

    corners: tuple[Sample, ...] = ()
    """Three (top, bottom left, bottom right), four (top left, top right, bottom left, bottom right), or none."""
    x: float = 0.5
    """0 (left) to 1."""
    y: float = 0.5
    """0 (top) to 1."""

    def __post_init__(self) -> None:
        if len(self.corners) not in (0, 3, 4):
            raise ValueError(f"the number of corners is {len(self.corners)}; it must be 0, 3 or 4")
        check_range("x", self.x, 0, 1)
        check_range("y", self.y, 0, 1)

    def with_point(self, x: float, y: float) -> Pad:
        """Return the pad with the point at (x, y), moved into the square or triangle."""
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        if len(self.corners) == 3:
            x = min(max(x, 0.5 - y / 2), 0.5 + y / 2)
        return replace(self, x=x, y=y)

    def with_corner(self, place: int, sample: Sample) -> Pad:
        """Return the pad with another sample in one corner. Raises IndexError if there is no such corner."""
        corners = list(self.corners)
        corners[place] = sample
        return replace(self, corners=tuple(corners))

    def with_corners(self, corners: tuple[Sample, ...]) -> Pad:
        """Return the pad with three or four other corners; the point is moved into the new shape."""
        return replace(self, corners=corners).with_point(self.x, self.y)


def map_points(corners: int) -> tuple[tuple[float, float], ...]:
    """Return the positions (x, y) of the map's previews, row by row. In a triangle, rows grow from 1 to MAP_SIDE."""
    last = MAP_SIDE - 1
    if corners == 3:
        return tuple((0.5 + (i - row / 2) / last, row / last) for row in range(MAP_SIDE) for i in range(row + 1))
    return tuple((i / last, row / last) for row in range(MAP_SIDE) for i in range(MAP_SIDE))
