"""A drawing: strokes on a sheet, above a picture that was brought, and the sample that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from export.runtime.arrays import Float32
from viewer.core.plain import check_range
from viewer.core.state.samples import Sample

PICTURE_SIDE = 112
"""Width and height of a picture that was brought, in pixels: four times MNIST's."""
MOST_STROKES = 200
MOST_POINTS = 4000
"""Points of one stroke."""
THICKNESS_RANGE = (0.02, 0.2)
"""In sides of the sheet."""
START_THICKNESS = 0.08
ERROR_MAX = 100.0
LOW, SPAN, _LEVELS = -0.25, 1.5, 65_535
"""Coordinates are stored in steps of SPAN / _LEVELS, from LOW: a pen may leave the sheet."""
_POINT_BYTES = 6


@dataclass(frozen=True)
class Stroke:
    """A line of the pen or the eraser. Raises ValueError for a value out of range. See `stroke_of`."""

    points: bytes
    """x, y and pressure of each point, little-endian uint16."""
    thickness: float = START_THICKNESS
    """Width of the line at full pressure, in sides of the sheet."""
    eraser: bool = False

    def __post_init__(self) -> None:
        check_range("the number of points", len(self.points) / _POINT_BYTES, 1, MOST_POINTS)
        if len(self.points) % _POINT_BYTES:
            raise ValueError("the points are not made of three numbers each")
        check_range("thickness", self.thickness, *THICKNESS_RANGE)

    def places(self) -> Float32:
        """Return x and y in sides of the sheet, and the pressure from 0 to 1; float32 [points, 3]."""
        raw = np.frombuffer(self.points, "<u2").reshape(-1, 3).astype(np.float32) / np.float32(_LEVELS)
        raw[:, :2] = raw[:, :2] * np.float32(SPAN) + np.float32(LOW)
        return raw


def stroke_of(points: Sequence[tuple[float, float, float]], thickness: float, eraser: bool = False) -> Stroke:
    """Return a stroke through points (x, y, pressure), of which no more than MOST_POINTS are kept.

    x and y: in sides of the sheet; pressure: 0 to 1.
    """
    kept = np.array(points[:MOST_POINTS], np.float64).reshape(-1, 3)
    kept[:, :2] = (kept[:, :2] - LOW) / SPAN
    levels = np.rint(np.clip(kept, 0, 1) * _LEVELS).astype("<u2")
    low, high = THICKNESS_RANGE
    return Stroke(levels.tobytes(), min(max(thickness, low), high), eraser)


@dataclass(frozen=True)
class Drawing:
    """What is on the sheet, and the sample whose picture is nearest. Raises ValueError for a value out of range."""

    strokes: tuple[Stroke, ...] = ()
    picture: bytes = b""
    """Ink below the strokes, uint8 [PICTURE_SIDE, PICTURE_SIDE]; empty without a picture."""
    normalised: bool = True
    """Whether the digit is scaled and centred as MNIST's were."""
    answer: Sample | None = None
    """The generator's answer; None without ink, or before the first one."""
    error: float = 0.0
    """How far the answer is from the drawing: see `closeness.relative_error`."""
    settled: bool = True
    """Whether the answer belongs to what is on the sheet, so that nothing remains to be searched."""

    def __post_init__(self) -> None:
        check_range("the number of strokes", len(self.strokes), 0, MOST_STROKES)
        check_range("the error", self.error, 0.0, ERROR_MAX)
        if len(self.picture) not in (0, PICTURE_SIDE**2):
            raise ValueError(f"the picture is not of {PICTURE_SIDE}x{PICTURE_SIDE} pixels")

    @property
    def blank(self) -> bool:
        """Whether nothing was drawn or brought."""
        return not self.picture and all(stroke.eraser for stroke in self.strokes)

    @property
    def full(self) -> bool:
        """Whether the sheet takes no more strokes."""
        return len(self.strokes) == MOST_STROKES

    def with_stroke(self, stroke: Stroke) -> Drawing:
        """Return the drawing with another stroke, if there is room."""
        return self if self.full else replace(self, strokes=(*self.strokes, stroke), settled=False)

    def with_picture(self, picture: bytes) -> Drawing:
        """Return a drawing of a picture alone."""
        return replace(self, strokes=(), picture=picture, settled=False)

    def with_normalised(self, normalised: bool) -> Drawing:
        """Return the drawing with normalisation on or off."""
        return replace(self, normalised=normalised, settled=False)

    def with_answer(self, answer: Sample | None, error: float = 0.0, settled: bool = True) -> Drawing:
        """Return the drawing with another answer."""
        return replace(self, answer=answer, error=min(max(error, 0.0), ERROR_MAX), settled=settled)

    def cleared(self) -> Drawing:
        """Return the empty sheet."""
        return Drawing(normalised=self.normalised)
