"""Where a picture stands in the area that it is given."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle in device pixels."""

    left: int
    top: int
    width: int
    height: int


def fit(width: int, height: int, area_width: int, area_height: int, *, whole: bool) -> Box:
    """The largest centred box of the picture's shape within the area; everything in device pixels.

    whole: enlarge by whole numbers only, so that every pixel of the picture becomes a square of the same size.
    """
    scale = min(area_width / width, area_height / height)
    if whole and scale >= 1.0:
        scale = math.floor(scale)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    return Box((area_width - fitted_width) // 2, (area_height - fitted_height) // 2, fitted_width, fitted_height)
