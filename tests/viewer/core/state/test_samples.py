"""Samples and the seeds they come from."""

from viewer.core.state.samples import MOST_SEEDS, remembered


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
