"""Fitting a picture into an area, and zooming in on it."""

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
    """The zoom, and the centre of the visible part."""

    zoom: float = 1.0
    """1 shows the whole picture."""
    x: float = 0.5
    """The point of the picture in the middle of the area: 0 is the left edge, 1 the right edge."""
    y: float = 0.5

    def zoomed(self, by: float, x: float = 0.5, y: float = 0.5) -> View:
        """Zoom in (by > 1) or out. The point (x, y) of the picture stays where it is."""
        zoom = min(max(self.zoom * by, 1.0), ZOOM_MAX)
        by = zoom / self.zoom
        return View(zoom, x + (self.x - x) / by, y + (self.y - y) / by)._clamped()

    def panned(self, dx: float, dy: float) -> View:
        """Move right and down, by fractions of the whole picture."""
        return View(self.zoom, self.x + dx, self.y + dy)._clamped()

    def _clamped(self) -> View:
        edge = 0.5 / self.zoom
        return View(self.zoom, min(max(self.x, edge), 1 - edge), min(max(self.y, edge), 1 - edge))


WHOLE = View()


def fit(width: int, height: int, area_width: int, area_height: int, *, whole: bool, view: View = WHOLE) -> Box:
    """Return where a picture is painted in an area, centred, in device pixels.

    whole: enlarge by whole numbers only, so that all pixels become squares of the same size.
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
    """Return where a side starts: centred if it fits, else without leaving part of the area empty."""
    if size <= area:
        return (area - size) // 2
    return min(max(round(area / 2 - centre * size), area - size), 0)
