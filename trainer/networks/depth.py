"""How deep the networks of `conv` and `residual` are: one rule for both, by the size of the images.

The smallest maps have 6, 7 or 8 pixels a side, the base, and each level above has twice as many: 28 is 7 doubled twice,
and 128 is 8 doubled four times. Each level above the second has half the channels of the one below, so that all levels
cost about the same and parameters hardly grow with the size. A network is therefore the lower half of those for images
of twice its size.
"""

from __future__ import annotations

from itertools import pairwise

from digitforge.errors import ConfigError

BASES = (6, 7, 8)
LARGEST = 512
NARROWEST = 8
"""Channels that halving stops at."""

SIZES = sorted(base << doublings for base in BASES for doublings in range(1, 7) if base << doublings <= LARGEST)
"""All image sizes, in pixels: 12, 14, 16, 24, 28, 32, 48, ..."""


def check_size(family: str, size: int) -> None:
    """Raise ConfigError, which names the nearest sizes, if images cannot have this size."""
    if size in SIZES:
        return
    near = [SIZES[0]] if size < SIZES[0] else next(
        ([below, above] for below, above in pairwise(SIZES) if below < size < above), [SIZES[-1]]
    )  # fmt: skip
    raise ConfigError(
        f"The {family} family makes images of 28, 32, 48, 64, 96 or 128 pixels a side (6, 7 or 8, doubled), not {size}: "
        f"use --image-size {' or '.join(map(str, near))}."
    )


def base_of(size: int) -> int:
    """Return the side of the smallest maps, in pixels."""
    while size > max(BASES):
        size //= 2
    return size


def widths_of(width: int, size: int) -> list[int]:
    """Return the channels of the maps at each level below the image, from the smallest maps on.

    width: those at the second level; the first has twice as many, the others half as many as the one below.
    """
    levels = (size // base_of(size)).bit_length() - 1
    return [2 * width, *(max(width >> level, min(width, NARROWEST)) for level in range(levels - 1))]
