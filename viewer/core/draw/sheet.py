"""Draw strokes on a sheet: smooth lines with soft edges, as float32 ink.

A stroke is a curve through the middles between its points, so that a quick hand draws no corners. Every piece of it is
a capsule, whose radius follows the pressure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from PIL import Image

from export.inversion.normalise import resized
from export.runtime.arrays import Float32
from viewer.core.state.drawing import LOW, MOST_POINTS, PICTURE_SIDE, SPAN, Drawing, Stroke, stroke_of

SIDE = 512
"""Width and height of the sheet in pixels."""
PIECE = 6.0
"""Length of a piece of a curve in pixels."""
LIGHTEST = 0.35
"""Part of the thickness that a pen draws without pressure."""
LEAST_MOVE = 0.002
"""In sides of the sheet. A pen that moves less adds no point."""
MARGIN = 0.12
"""Room around a digit of a photograph, in sides of the sheet."""
Point = tuple[float, float, float]


def ink_of(drawing: Drawing) -> Float32:
    """Return the ink on the sheet, float32 [SIDE, SIDE] from 0 to 1. Read-only."""
    return _laid(drawing.picture, drawing.strokes)


@lru_cache(maxsize=32)
def _laid(picture: bytes, strokes: tuple[Stroke, ...]) -> Float32:
    """Lay the last stroke over the others, whose ink is cached: undoing and drawing on cost one stroke."""
    if strokes:
        pen = Pen(strokes[-1].thickness, strokes[-1].eraser)
        for x, y, pressure in strokes[-1].places():
            pen.add(float(x), float(y), float(pressure))
        ink = pen.over(_laid(picture, strokes[:-1]))
    elif picture:
        small = np.frombuffer(picture, np.uint8).reshape(PICTURE_SIDE, PICTURE_SIDE)
        ink = resized(small.astype(np.float32) / np.float32(255), SIDE, SIDE)
    else:
        ink = np.zeros((SIDE, SIDE), np.float32)
    ink.setflags(write=False)
    return ink


@lru_cache(maxsize=8)
def lost_share(drawing: Drawing) -> float:
    """Return the share of the drawing's squared ink that lies beyond the sheet, 0 to 1."""
    if not any(_leaves(stroke) for stroke in drawing.strokes):
        return 0.0
    # A sheet of the same pixels that shows the surroundings, too: strokes are stored as far as LOW from its edges.
    inner = slice(round(-LOW / SPAN * SIDE), round((1 - LOW) / SPAN * SIDE))
    ink = np.zeros((SIDE, SIDE), np.float32)
    if drawing.picture:
        side = inner.stop - inner.start
        ink[inner, inner] = resized(_laid(drawing.picture, ()), side, side)
    for stroke in drawing.strokes:
        pen = Pen(stroke.thickness / SPAN, stroke.eraser)
        for x, y, pressure in stroke.places():
            pen.add((float(x) - LOW) / SPAN, (float(y) - LOW) / SPAN, float(pressure))
        ink = pen.over(ink)
    total = float((ink**2).sum())
    return 1 - float((ink[inner, inner] ** 2).sum()) / total if total else 0.0


def _leaves(stroke: Stroke) -> bool:
    """Return whether a stroke goes beyond the sheet."""
    places, reach = stroke.places()[:, :2], stroke.thickness / 2
    return bool(places.min() < reach or places.max() > 1 - reach)


class Pen:
    """A stroke while it is drawn. Adding a point costs the same however long the stroke is."""

    def __init__(self, thickness: float, eraser: bool = False) -> None:
        """thickness: see `Stroke`."""
        self._thickness = thickness
        self._eraser = eraser
        self._points: list[Point] = []
        self._cover = np.zeros((SIDE, SIDE), np.float32)  # up to the middle before the last point

    def move(self, x: float, y: float, pressure: float = 1.0) -> bool:
        """Add a point if the pen has moved; return whether it has. See `stroke_of` for the units."""
        if self._points:
            last = self._points[-1]
            if max(abs(x - last[0]), abs(y - last[1])) < LEAST_MOVE or len(self._points) == MOST_POINTS:
                return False
        self.add(*_stored(x, y, pressure, self._thickness))
        return True

    def add(self, x: float, y: float, pressure: float) -> None:
        """Add a point as a stroke stores it."""
        self._points.append((x, y, pressure))
        count = len(self._points)
        if count == 2:
            self._lay(self._cover, [self._points[0], _middle(*self._points)])
        elif count > 2:
            before, control, after = self._points[-3:]
            self._lay(self._cover, _curve(_middle(before, control), control, _middle(control, after)))

    def over(self, ink: Float32) -> Float32:
        """Return the ink of a sheet with this stroke over it."""
        cover = self._cover.copy()
        if self._points:
            last = self._points[-1]
            start = _middle(self._points[-2], last) if len(self._points) > 1 else last
            self._lay(cover, [start, last])
        return ink * (1 - cover) if self._eraser else np.maximum(ink, cover)

    def stroke(self) -> Stroke:
        """Return the stroke. There must be a point."""
        return stroke_of(self._points, self._thickness, self._eraser)

    def _lay(self, cover: Float32, points: list[Point]) -> None:
        for one, other in itertools.pairwise(points):
            _capsule(cover, self._pixels(one), self._pixels(other))

    def _pixels(self, point: Point) -> Point:
        """Return x, y and radius in pixels."""
        x, y, pressure = point
        radius = self._thickness / 2 * (LIGHTEST + (1 - LIGHTEST) * pressure)
        return x * SIDE, y * SIDE, radius * SIDE


def _stored(x: float, y: float, pressure: float, thickness: float) -> Point:
    """Return a point as it is stored, so that a stroke looks the same once it is finished."""
    stored = stroke_of([(x, y, pressure)], thickness).places()[0]
    return float(stored[0]), float(stored[1]), float(stored[2])


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2, (one[2] + other[2]) / 2


def _curve(start: Point, control: Point, end: Point) -> list[Point]:
    """Return points on a quadratic Bézier curve, about PIECE pixels apart."""
    length = (abs(end[0] - start[0]) + abs(end[1] - start[1]) + abs(control[0] - start[0])) * SIDE
    count = max(round(length / PIECE), 1)
    return list(_on_curve(start, control, end, count))


def _on_curve(start: Point, control: Point, end: Point, count: int) -> Iterator[Point]:
    for step in range(count + 1):
        t = step / count
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        x, y, pressure = (a * one + b * two + c * three for one, two, three in zip(start, control, end, strict=True))
        yield x, y, pressure


def _capsule(cover: Float32, one: Point, other: Point) -> None:
    """Cover a line with round ends between two points (x, y, radius), in pixels, with a soft edge of one pixel."""
    reach = max(one[2], other[2]) + 1
    left, right = (_clamped(edge) for edge in (min(one[0], other[0]) - reach, max(one[0], other[0]) + reach + 1))
    top, bottom = (_clamped(edge) for edge in (min(one[1], other[1]) - reach, max(one[1], other[1]) + reach + 1))
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - one[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - one[1])
    dx, dy = other[0] - one[0], other[1] - one[1]
    squared = dx * dx + dy * dy
    along = np.clip((x * np.float32(dx) + y * np.float32(dy)) / np.float32(max(squared, 1e-6)), 0, 1)
    distance = np.hypot(x - along * np.float32(dx), y - along * np.float32(dy))
    radius = np.float32(one[2]) + along * np.float32(other[2] - one[2])
    part = cover[top:bottom, left:right]
    np.maximum(part, np.clip(radius + np.float32(0.5) - distance, 0, 1), out=part)


def _clamped(edge: float) -> int:
    return min(max(int(edge), 0), SIDE)


def to_picture(ink: Float32) -> bytes:
    """Return a digit of a photograph as the `picture` of a drawing: as large as fits, with a margin.

    ink: float32 [h, w] from 0 to 1.
    """
    room = PICTURE_SIDE * (1 - 2 * MARGIN)
    scale = room / max(ink.shape)
    small = resized(ink, max(round(ink.shape[0] * scale), 1), max(round(ink.shape[1] * scale), 1))
    image = Image.new("L", (PICTURE_SIDE, PICTURE_SIDE))
    corner = ((PICTURE_SIDE - small.shape[1]) // 2, (PICTURE_SIDE - small.shape[0]) // 2)
    image.paste(Image.fromarray(np.rint(small * 255).astype(np.uint8)), corner)
    return image.tobytes()
