"""Values that change during training, written `0.5,0.1@300000`: 0.5, then 0.1 from 300,000 images on."""

from __future__ import annotations

from functools import cache

from digitforge.errors import ConfigError

Schedule = tuple[tuple[int, float], ...]
"""Pairs (number of images, value from there on), in ascending order, starting at 0 images."""


@cache
def parse(text: str) -> Schedule:
    """Parse a schedule. Raises ConfigError if it is malformed, negative, or not in ascending order."""
    wrong = ConfigError(f"{text!r} is not a schedule: write it like 0.5 or 0.5,0.1@300000 (value@images, ascending).")
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
    """Return the value of the schedule `text` after `images_seen` images."""
    return next(value for start, value in reversed(parse(text)) if start <= images_seen)
