"""Values that change with the images seen, written `0.5,0.1@300000`: 0.5, then 0.1 from 300,000 images on."""

from __future__ import annotations

from functools import cache

from digitforge.errors import ConfigError

Schedule = tuple[tuple[int, float], ...]
"""(from this many images, this value), in rising order, the first from 0."""


@cache
def parse(text: str) -> Schedule:
    """Read a schedule. Raises ConfigError where it is malformed, negative, or not in rising order."""
    wrong = ConfigError(f"{text!r} is not a schedule: write it like 0.5 or 0.5,0.1@300000 (value@images, rising).")
    points = []
    for position, part in enumerate(text.split(",")):
        value, _, start = part.strip().partition("@")
        try:
            points.append((int(start) if start else 0, float(value)))
        except ValueError:
            raise wrong from None
        if bool(start) != bool(position):
            raise wrong
    starts = [start for start, _ in points]
    if starts != sorted(set(starts)) or not all(0 <= value < float("inf") for _, value in points):
        raise wrong
    return tuple(points)


def value_at(text: str, images_seen: int) -> float:
    """The value that the schedule `text` has once `images_seen` images have been seen."""
    return next(value for start, value in reversed(parse(text)) if start <= images_seen)
