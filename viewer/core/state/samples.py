"""Samples: a picture of a generator, identified by a seed, an index and its classes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.latents import BLOCK, latents
from viewer.core.plain import check_range

SEED_MAX = 2**63 - 1
"""The largest seed that can be chosen. A walk goes on beyond it."""
RANDOM_SEEDS = 1_000_000
"""Random seeds are below this, short enough to be passed on."""
INDEX_MAX = 2**31 - 1
CLASS_MAX = 999
WEIGHT_MAX = 1e300
MOST_SEEDS = 20
"""Length of the menu of recent seeds."""
Mix = tuple[tuple[int, float], ...]
"""(class, weight) of each class in a sample; empty if the generator is unconditional."""


@dataclass(frozen=True)
class Sample:
    """Sample `index` of `seed`, as numbered by `python -m export.sample`. Raises ValueError if out of range."""

    seed: int
    index: int = 0
    mix: Mix = ()

    def __post_init__(self) -> None:
        check_range("seed", self.seed, 0, 2**64 - 1)
        check_range("index", self.index, 0, INDEX_MAX)
        for number, weight in self.mix:
            check_range("class", number, 0, CLASS_MAX)
            check_range("class weight", weight, -WEIGHT_MAX, WEIGHT_MAX)

    @property
    def label(self) -> int | None:
        """The class with the largest weight; None if the generator is unconditional."""
        return max(self.mix, key=lambda part: part[1])[0] if self.mix else None

    def fitted(self, info: GeneratorInfo) -> Sample:
        """Return the sample, with class 0 instead of classes that the generator does not have."""
        count = len(info.classes)
        if not count or not self.mix:
            return replace(self, mix=((0, 1.0),) if count else ())
        return self if all(number < count for number, _ in self.mix) else replace(self, mix=((0, 1.0),))


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
