"""The neighbourhood of one picture, or the children of two, and the way that led there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from export.inversion.checks import MOST_LATENTS
from export.runtime.arrays import Float32
from viewer.core.plain import OMITTED_BY_DEFAULT, check_range
from viewer.core.state.samples import Sample

SIDE = 5
"""Cells along each side of the neighbourhood."""
CENTRE = SIDE * SIDE // 2
"""The cell in the middle."""
DIRECTIONS = 8
"""Directions around one picture: enough for every cell and the opposite one."""
RADIUS_RANGE = (0.1, 4.0)
START_RADIUS = 1.5
"""Standard deviations of the latents from the middle to the outer ring."""
MOST_PARENTS = 2
LONGEST_TRAIL = 100


@dataclass(frozen=True)
class Near:
    """One picture with variations of it around it, or two with their mixes between them.

    Raises ValueError for a value out of range.
    """

    parents: tuple[Sample, ...] = ()
    """One sample, two, or none yet."""
    radius: float = START_RADIUS
    vectors: bytes = b""
    """The directions, little-endian float32 [directions, latent]: DIRECTIONS around one picture, each as long as one
    standard deviation, or the two parts of the way from one parent to the other. Empty until they are found."""
    found: bool = False
    """Whether the vectors are those of the parents, and not still those of the parents before."""
    trail: tuple[tuple[Sample, ...], ...] = field(default=(), metadata=OMITTED_BY_DEFAULT)
    """The parents before, the last one first gone back to."""

    def __post_init__(self) -> None:
        check_range("the number of parents", len(self.parents), 0, MOST_PARENTS)
        check_range("the radius", self.radius, *RADIUS_RANGE)
        check_range("the length of the directions in bytes", len(self.vectors), 0, 4 * DIRECTIONS * MOST_LATENTS)
        check_range("the length of the trail", len(self.trail), 0, LONGEST_TRAIL)
        if len(self.vectors) % 4 or not np.isfinite(np.frombuffer(self.vectors, "<f4")).all():
            raise ValueError("the directions are not made of finite float32 numbers")

    @property
    def mixes(self) -> bool:
        """Whether there are two parents."""
        return len(self.parents) > 1

    def directions(self, latent_size: int) -> Float32:
        """Return the vectors as float32 [directions, latent]; [0, latent] where they do not fit the parents."""
        count = 2 if self.mixes else DIRECTIONS
        vectors = np.frombuffer(self.vectors, "<f4")
        if len(vectors) != count * latent_size:
            return np.empty((0, latent_size), np.float32)
        return vectors.reshape(count, latent_size).astype(np.float32)

    def around(self, *parents: Sample) -> Near:
        """Return the neighbourhood of another sample, or the children of two."""
        if parents == self.parents:
            return self
        trail = (*self.trail, self.parents) if self.parents else self.trail
        return replace(self, parents=parents, found=False, trail=trail[-LONGEST_TRAIL:])

    def reshaped(self, sample: Sample) -> Near:
        """Return the neighbourhood of a sample that replaces the one in the middle."""
        return replace(self, parents=(sample,), found=False)

    def back(self) -> Near:
        """Return to the parents before, if there are some."""
        return replace(self, parents=self.trail[-1], found=False, trail=self.trail[:-1]) if self.trail else self

    def with_radius(self, radius: float) -> Near:
        """Return the neighbourhood with another radius, clamped to its range."""
        low, high = RADIUS_RANGE
        return replace(self, radius=min(max(radius, low), high))

    def with_vectors(self, vectors: Float32) -> Near:
        """Return the neighbourhood with its directions, which were found."""
        return replace(self, vectors=vectors.astype("<f4").tobytes(), found=True)

    def changed(self, change: Callable[[Sample], Sample | None]) -> Near:
        """Return the neighbourhood with other samples; without parents, or a part of the trail, if one is left out."""
        parents, *trail = (tuple(map(change, each)) for each in (self.parents, *self.trail))
        kept = tuple(tuple(filter(None, each)) for each in trail if None not in each)
        return replace(self, parents=() if None in parents else tuple(filter(None, parents)), trail=kept)

    def in_recipe(self) -> Near:
        """Return the neighbourhood without the way that led there."""
        return replace(self, trail=())
