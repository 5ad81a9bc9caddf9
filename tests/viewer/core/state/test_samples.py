"""Samples and the seeds they come from."""

from __future__ import annotations

from export.contract import GeneratorInfo
from viewer.core.state.samples import MOST_SEEDS, any_sample, remembered


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
