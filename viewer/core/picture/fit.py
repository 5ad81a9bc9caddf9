"""Where a picture stands in the area that it is given, and how close it is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

ZOOM_MAX = 32.0


@dataclass(frozen=True)
class Box:
    """A rectangle in device pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class View:
    """How close a picture is looked at, and where."""

    zoom: float = 1.0
    """1 shows the whole picture."""
    x: float = 0.5
    """The point in the middle of the area: 0 is the picture's left edge, 1 its right one."""
    y: float = 0.5

    def zoomed(self, by: float, x: float = 0.5, y: float = 0.5) -> View:
        """Closer (by > 1) or further away; the picture's point x, y keeps its place."""
        zoom = min(max(self.zoom * by, 1.0), ZOOM_MAX)
        by = zoom / self.zoom
        return View(zoom, x + (self.x - x) / by, y + (self.y - y) / by)._held()

    def panned(self, dx: float, dy: float) -> View:
        """Look further to the right and down, in parts of the whole picture."""
        return View(self.zoom, self.x + dx, self.y + dy)._held()

    def _held(self) -> View:
        edge = 0.5 / self.zoom
        return View(self.zoom, min(max(self.x, edge), 1 - edge), min(max(self.y, edge), 1 - edge))


WHOLE = View()


def fit(width: int, height: int, area_width: int, area_height: int, *, whole: bool, view: View = WHOLE) -> Box:
    """The box of the picture's shape that fills the area, centred and as close as `view` says; in device pixels.

    whole: enlarge by whole numbers only, so that every pixel of the picture becomes a square of the same size.
    """
    scale = min(area_width / width, area_height / height) * view.zoom
    if whole and scale >= 1.0:
        scale = math.floor(scale)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    return Box(
        _start(fitted_width, area_width, view.x),
        _start(fitted_height, area_height, view.y),
        fitted_width,
        fitted_height,
    )


def _start(size: int, area: int, centre: float) -> int:
    """Where a side begins: in the middle where it fits, else so that nothing is left empty."""
    if size <= area:
        return (area - size) // 2
    return min(max(round(area / 2 - centre * size), area - size), 0)
