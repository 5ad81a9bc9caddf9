"""The state and its transitions."""

import math

import pytest

from export.contract import GeneratorInfo
from viewer.core.state import SEED_MAX, ViewState, cells_limit


def info(classes: int = 10, side: int = 28) -> GeneratorInfo:
    return GeneratorInfo(8, "normal", tuple(map(str, range(classes))), 1, side, side)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": SEED_MAX + 1},
        {"digit": -1},
        {"cells": 0},
        {"cells": 101},
        {"truncation": 1.6},
        {"truncation": math.nan},
        {"speed": 0.0},
        {"position": -0.1},
    ],
)
def test_a_state_out_of_range_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ViewState(**wrong)  # type: ignore[arg-type]


def test_seeds_stop_at_both_ends() -> None:
    assert ViewState(seed=0).stepped(-1).seed == 0
    assert ViewState(seed=SEED_MAX).stepped(1).seed == SEED_MAX
    assert ViewState().with_seed(2**80).seed == SEED_MAX


def test_next_goes_to_the_start_of_the_next_keyframe() -> None:
    walked = ViewState(seed=4, position=0.7)
    assert (walked.stepped(1).seed, walked.stepped(1).position) == (5, 0.0)


def test_pausing_keeps_the_place() -> None:
    playing = ViewState(seed=4, playing=True).advanced(1.3)
    paused = playing.with_playing(False)
    assert (paused.seed, paused.position) == (playing.seed, playing.position)
    assert paused.advanced(10.0) == paused


def test_a_walk_passes_keyframes() -> None:
    walked = ViewState(seed=4, speed=2.0, playing=True).advanced(1.25)
    assert walked.seed == 6
    assert walked.position == pytest.approx(0.5)


def test_a_walk_goes_on_past_the_last_seed() -> None:
    walked = ViewState(seed=SEED_MAX - 1, speed=1.0, playing=True).advanced(2.5)
    assert walked.seed == SEED_MAX
    assert walked.position == pytest.approx(1.5)


def test_sliders_hold_their_ends() -> None:
    assert ViewState().with_truncation(9.0).truncation == 1.5
    assert ViewState().with_speed(0.0).speed == 0.1


def test_a_state_fits_itself_to_a_generator() -> None:
    state = ViewState(digit=9, cells=100)
    assert state.fitted(info()) == state
    assert state.fitted(info(classes=3)).digit is None
    assert state.fitted(info(classes=0)).digit is None
    assert state.fitted(info(side=4096)).cells == 4


@pytest.mark.parametrize(("side", "cells"), [(28, 100), (1024, 64), (2048, 16), (4096, 4)])
def test_large_pictures_make_small_grids(side: int, cells: int) -> None:
    assert cells_limit(info(side=side)) == cells
