"""Shape a picture: the search for the latent whose picture is nearest to the picture with strokes painted on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.checks import MOST_LATENTS, searchable
from export.inversion.clay import Clay
from export.inversion.normalise import resized
from export.inversion.solver import DIRECTIONS, Run
from export.runtime.arrays import Float32, UInt8
from export.runtime.pixels import to_pixels
from viewer.core.draw.search import MOST_NUMBERS
from viewer.core.draw.sheet import SIDE, Pen
from viewer.core.state.clay import shaped_origin
from viewer.core.state.drawing import Stroke
from viewer.core.state.samples import Sample, held_sample, latents_of, weights_of

ITERATIONS = 16
"""For paint that does not change any more."""
LEAST_TRUNCATION = 0.01


def cannot_shape(info: GeneratorInfo, truncation: float = 1.0) -> str:
    """Say why a generator's pictures cannot be shaped; empty if they can."""
    if not searchable(info):
        return (
            f"The latents of this generator have {info.latent_size:,} numbers. Its pictures can be shaped, and varied, "
            f"with at most {MOST_LATENTS}."
        )
    if min(info.latent_size, DIRECTIONS) * info.channels * info.height * info.width > MOST_NUMBERS:
        return f"The pictures of this generator, {info.width}x{info.height}, are too large to be shaped or varied."
    if truncation < LEAST_TRUNCATION:
        return "With Variety at 0, all pictures of a class are the same: raise it to shape one."
    return ""


@dataclass(frozen=True, eq=False)
class Paint:
    """Paint on a sheet. A picture that is not square covers its upper or left part."""

    cover: Float32
    """How much of each place is painted: float32 [SIDE, SIDE] from 0 to 1. Read-only."""
    light: Float32
    """The paint, from 0 (dark) to 1 (light); float32 [SIDE, SIDE]. Read-only."""

    def over(self, stroke: Float32, dark: bool) -> Paint:
        """Return the paint with another stroke over it. stroke: what it covers, as `cover`."""
        light = self.light * (1 - stroke)
        if not dark:
            light += stroke
        return _paint(np.maximum(self.cover, stroke), light)

    def reduced(self, info: GeneratorInfo) -> tuple[Float32, Float32]:
        """Return cover and light in a generator's pixels, float32 [H, W] each."""
        side = max(info.height, info.width)
        cover, light = (
            resized(sheet, side, side)[: info.height, : info.width] for sheet in (self.cover, self.light * self.cover)
        )
        return cover, np.clip(light / np.maximum(cover, 1e-3), 0, 1)


def _paint(cover: Float32, light: Float32) -> Paint:
    for sheet in (cover, light):
        sheet.setflags(write=False)
    return Paint(cover, light)


def blank() -> Float32:
    """Return a sheet without anything on it, float32 [SIDE, SIDE]."""
    return np.zeros((SIDE, SIDE), np.float32)


@lru_cache(maxsize=16)
def painted(strokes: tuple[Stroke, ...]) -> Paint:
    """Return the paint of strokes; those before the last one are cached."""
    if not strokes:
        return _paint(blank(), blank())
    last = strokes[-1]
    pen = Pen(last.thickness)
    for x, y, pressure in last.places():
        pen.add(float(x), float(y), float(pressure))
    return painted(strokes[:-1]).over(pen.over(blank()), dark=last.eraser)


@dataclass(frozen=True, eq=False)
class Wanted:
    """A picture that is to be shaped, and how."""

    base: Sample
    start: Sample
    """Where the search begins."""
    paint: Paint
    strength: float
    truncation: float
    """The pictures are those of the latents times this plus `shift`."""
    shift: Float32
    """float32 [latent]."""

    def begins_like(self, other: Wanted | None) -> bool:
        """Whether the search for `other` can go on with this."""
        return (
            other is not None
            and (self.base, self.start, self.truncation) == (other.base, other.start, other.truncation)
            and np.array_equal(self.shift, other.shift)
        )


@dataclass(frozen=True)
class Shaped:
    """The state of a search after an iteration."""

    revision: int
    sample: Sample
    pixels: UInt8
    """Its picture, uint8 [h, w] or [h, w, 3]."""
    finished: bool
    """Whether more iterations are not worth it."""


class Shaping:
    """A search in short steps with one generator. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._clay: Clay | None = None
        self._wanted: Wanted | None = None
        self._revision = -1
        self._iterations = 0

    def prepare(self, info: GeneratorInfo, run: Run) -> None:
        """Do nothing: there is nothing to prepare."""

    def quick(self, _revision: int) -> bool:
        """Return True: every iteration is a quick one."""
        return True

    def step(self, info: GeneratorInfo, run: Run, wanted: Wanted, revision: int) -> Shaped:
        """Run the next iteration. revision: another number if something else is wanted.

        Raises ExportError if the generator cannot be searched.
        """

        def shown(latents: Float32, weights: Float32 | None) -> Float32:
            return run(latents * np.float32(wanted.truncation) + wanted.shift, weights)

        if self._clay is None or not wanted.begins_like(self._wanted):
            pair, weights = latents_of(info, (wanted.base, wanted.start)), weights_of(info, (wanted.base,))
            image = shown(pair[:1], weights)[0]
            self._clay = Clay(info, image, pair[0], None if weights is None else weights[0], pair[1])
        self._wanted = wanted
        if revision != self._revision:
            self._clay.paint(*wanted.paint.reduced(info), wanted.strength)
            self._revision, self._iterations = revision, 0
        answer = self._clay.step(shown)
        self._iterations += 1
        sample = held_sample(answer.latent, answer.weights, shaped_origin(wanted.base))
        return Shaped(revision, sample, to_pixels(answer.image[None])[0], self._iterations >= ITERATIONS)
