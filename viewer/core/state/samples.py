"""Samples: a latent, made from a seed or held as it is, and class weights."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.latents import BLOCK, latents
from viewer.core.plain import OMITTED_BY_DEFAULT, check_range

SEED_MAX = 2**63 - 1
"""The largest seed that can be chosen. A walk goes on beyond it."""
RANDOM_SEEDS = 1_000_000
"""Random seeds are below this, short enough to be passed on."""
INDEX_MAX = 2**31 - 1
CLASS_MAX = 999
WEIGHT_MAX = 1e300
LATENT_BYTES_MAX = 4 * 65_536
LONGEST_ORIGIN = 120
"""Characters."""
MOST_SEEDS = 20
"""Length of the menu of recent seeds."""
Mix = tuple[tuple[int, float], ...]
"""(class, weight) of each class in a sample; empty if the generator is unconditional."""


@dataclass(frozen=True)
class Sample:
    """Sample `index` of `seed`, as numbered by `python -m export.sample`, or a held latent, which no seed makes.

    Raises ValueError if out of range. `held_sample` makes a sample from a latent.
    """

    seed: int
    index: int = 0
    mix: Mix = ()
    latent: bytes = field(default=b"", metadata=OMITTED_BY_DEFAULT)
    """The held latent, little-endian float32, before truncation and directions; empty if the seed makes it."""
    origin: str = field(default="", metadata=OMITTED_BY_DEFAULT)
    """Where a held latent comes from, for captions: "between seeds 3 and 4". Empty if the classes say enough."""

    def __post_init__(self) -> None:
        check_range("seed", self.seed, 0, 2**64 - 1)
        check_range("index", self.index, 0, INDEX_MAX)
        for number, weight in self.mix:
            check_range("class", number, 0, CLASS_MAX)
            check_range("class weight", weight, -WEIGHT_MAX, WEIGHT_MAX)
        if self.latent or self.origin:  # a walk makes hundreds of samples without either for each frame
            self._check_held()

    def _check_held(self) -> None:
        check_range("the length of the latent in bytes", len(self.latent), 0, LATENT_BYTES_MAX)
        if len(self.latent) % 4 or not np.isfinite(np.frombuffer(self.latent, "<f4")).all():
            raise ValueError("the latent is not made of finite float32 numbers")
        check_range("the length of the origin", len(self.origin), 0, LONGEST_ORIGIN)
        if not self.origin.isprintable():
            raise ValueError("the origin has characters that cannot be shown")

    @property
    def held(self) -> bool:
        """Whether the sample holds its latent, so that `seed` and `index` mean nothing."""
        return bool(self.latent)

    @property
    def label(self) -> int | None:
        """The class with the largest weight; None if the generator is unconditional."""
        return max(self.mix, key=lambda part: part[1])[0] if self.mix else None

    def fits(self, info: GeneratorInfo) -> bool:
        """Return whether a generator has these classes, and latents of this size."""
        if self.held and len(self.latent) != 4 * info.latent_size:
            return False
        return bool(self.mix) == info.conditional and all(number < len(info.classes) for number, _ in self.mix)

    def carried(self, numbers: Mapping[int, int]) -> Sample | None:
        """Return the sample with other numbers for its classes; None if `numbers` lacks one of them."""
        if not all(number in numbers for number, _ in self.mix):
            return None
        return replace(self, mix=tuple((numbers[number], weight) for number, weight in self.mix))


def held_sample(latent: Float32, weights: Float32 | None, origin: str = "") -> Sample:
    """Return a sample that holds a latent, so that it makes the same picture to the bit wherever it is put.

    latent: float32 [latent], before truncation and directions: the generator's input at truncation 1 with all
    directions at 0. weights: float32 [classes]; None for an unconditional generator. origin: see `Sample.origin`.

    `state.locked(cell, sample)` puts it into a cell of the grid, `state.with_keyframe(sample)` appends it to the
    timeline, `state.pad.with_corner(place, sample)` makes it a corner, and `favourites.alone(state, sample)` shows it
    by itself. Raises ValueError for a latent that is not finite or too long.
    """
    mix = () if weights is None else tuple((int(place), float(weights[place])) for place in np.flatnonzero(weights))
    if weights is not None and not mix:
        mix = ((0, 0.0),)  # a conditional sample has at least one class
    return Sample(0, 0, mix, latent.astype("<f4").tobytes(), origin)


def remembered(seeds: tuple[int, ...], seed: int) -> tuple[int, ...]:
    """Return the recent seeds after `seed` was used: each seed once, the newest first."""
    return (seed, *(other for other in seeds if other != seed))[:MOST_SEEDS]


def of_class(seed: int, index: int, label: int | None) -> Sample:
    """Return a sample of one class; None for an unconditional generator."""
    return Sample(seed, index, () if label is None else ((label, 1.0),))


def any_sample(info: GeneratorInfo) -> Sample:
    """Return a random sample of a random class."""
    label = random.randrange(len(info.classes)) if info.conditional else None
    return of_class(random.randrange(RANDOM_SEEDS), 0, label)


@lru_cache(maxsize=64)
def _block(latent_size: int, distribution: str, seed: int, block: int) -> Float32:
    """Return one block of latents, read-only. Cached: a walk needs the same ones for every frame."""
    info = GeneratorInfo(latent_size, distribution, (), channels=1, height=1, width=1)
    z = latents(info, seed, block * BLOCK, BLOCK)
    z.setflags(write=False)
    return z


def latents_of(info: GeneratorInfo, samples: Sequence[Sample]) -> Float32:
    """Return the latents of samples, float32 [n, latent]."""
    z = np.empty((len(samples), info.latent_size), np.float32)
    for row, sample in enumerate(samples):
        if sample.held:
            z[row] = np.frombuffer(sample.latent, "<f4")
            continue
        block = _block(info.latent_size, info.latent_distribution, sample.seed, sample.index // BLOCK)
        z[row] = block[sample.index % BLOCK]
    return z


def weights_of(info: GeneratorInfo, samples: Sequence[Sample]) -> Float32 | None:
    """Return the class weights of samples, float32 [n, classes]; None if the generator is unconditional."""
    if not info.conditional:
        return None
    y = np.zeros((len(samples), len(info.classes)), np.float32)
    for row, sample in enumerate(samples):
        for number, weight in sample.mix:
            y[row, number] = weight
    return y


def origin_between(samples: Sequence[Sample]) -> str:
    """Return the `origin` of a latent between samples; empty if their classes differ, which then says enough."""
    if len({sample.mix for sample in samples}) > 1:
        return ""
    ends = tuple(dict.fromkeys(samples))
    if any(sample.held for sample in ends):
        return f"between {len(ends)} samples"
    if len(seeds := dict.fromkeys(sample.seed for sample in ends)) == len(ends):
        return f"between seeds {listed([str(seed) for seed in seeds])}"
    if len(seeds) == 1:
        return f"between samples {listed([str(sample.index) for sample in ends])} of seed {ends[0].seed}"
    return f"between {len(ends)} samples"


def listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
