"""Samples and the seeds they come from."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.state.samples import MOST_SEEDS, Sample, any_sample, held_sample, of_class, origin_between, remembered


def test_the_newest_seed_comes_first_and_each_once() -> None:
    seeds: tuple[int, ...] = ()
    for seed in (4, 7, 4, 9, 9):
        seeds = remembered(seeds, seed)
    assert seeds == (9, 4, 7)


def test_old_seeds_are_forgotten() -> None:
    seeds: tuple[int, ...] = ()
    for seed in range(100):
        seeds = remembered(seeds, seed)
    assert seeds == tuple(range(99, 99 - MOST_SEEDS, -1))


NORMAL = GeneratorInfo(4, "normal", tuple("0123456789"), 1, 8, 8)


def test_random_samples_are_of_existing_classes() -> None:
    assert {any_sample(NORMAL).label for _ in range(300)} == set(range(10))
    assert any_sample(GeneratorInfo(4, "normal", (), 1, 8, 8)).mix == ()


FREE = GeneratorInfo(4, "normal", (), 1, 8, 8)
LATENT = np.ones(4, np.float32)
EYE = np.eye(10, dtype=np.float32)


def test_samples_fit_generators_with_their_classes_and_latents() -> None:
    fitting = (of_class(1, 2, 9), held_sample(LATENT, EYE[9]), held_sample(LATENT, np.zeros(10, np.float32)))
    assert all(sample.fits(NORMAL) and not sample.fits(FREE) for sample in fitting)
    assert Sample(1).fits(FREE)
    for other in (Sample(1), of_class(1, 2, 10), held_sample(np.ones(5, np.float32), EYE[9])):
        assert not other.fits(NORMAL)


@pytest.mark.parametrize(
    ("samples", "origin"),
    [
        ((of_class(3, 0, 4), of_class(9, 0, 4)), "between seeds 3 and 9"),
        ((Sample(3), Sample(9), Sample(4)), "between seeds 3, 9 and 4"),
        ((Sample(3, 5), Sample(3, 8)), "between samples 5 and 8 of seed 3"),
        ((Sample(3, 5), Sample(3, 8), Sample(4)), "between 3 samples"),
        ((Sample(3), held_sample(LATENT, None)), "between 2 samples"),
        ((of_class(3, 0, 4), of_class(9, 0, 7)), ""),
    ],
)
def test_what_lies_between_samples(samples: tuple[Sample, ...], origin: str) -> None:
    assert origin_between(samples) == origin


def test_the_longest_origin_can_be_held() -> None:
    corners = tuple(Sample(2**64 - 1 - place) for place in range(4))
    assert held_sample(LATENT, None, origin_between(corners)).origin
