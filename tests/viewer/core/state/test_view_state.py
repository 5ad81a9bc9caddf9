"""The state and its transitions."""

import math
from dataclasses import replace

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.state.pad import Pad
from viewer.core.state.samples import SEED_MAX, Sample, held_sample, of_class
from viewer.core.state.shifts import Shift
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState, cells_limit, left_out


def info(classes: int = 10, side: int = 28) -> GeneratorInfo:
    return GeneratorInfo(8, "normal", tuple(map(str, range(classes))), 1, side, side)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": SEED_MAX + 1},
        {"digits": (-1,)},
        {"cells": 0},
        {"cells": 257},
        {"truncation": 1.6},
        {"truncation": math.nan},
        {"speed": 0.0},
        {"position": -0.1},
    ],
)
def test_a_state_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).replace("digits", "class")):
        ViewState(**wrong)  # type: ignore[arg-type]


def test_seeds_stop_at_both_ends() -> None:
    assert ViewState(seed=0).stepped(-1).seed == 0
    assert ViewState(seed=SEED_MAX).stepped(1).seed == SEED_MAX
    assert ViewState().with_seed(2**80).seed == SEED_MAX


def test_the_next_seed_starts_at_its_keyframe() -> None:
    walked = ViewState(seed=4, position=0.7)
    assert (walked.stepped(1).seed, walked.stepped(1).position) == (5, 0.0)


def test_pausing_keeps_the_position() -> None:
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


def test_values_are_clamped_to_their_range() -> None:
    assert ViewState().with_truncation(9.0).truncation == 1.5
    assert ViewState().with_speed(0.0).speed == 0.1


def test_a_state_is_fitted_to_a_generator() -> None:
    state = ViewState(digits=(9,), cells=100)
    assert state.fitted(info()) == state
    assert state.fitted(info(classes=3)).digits == ()
    assert state.fitted(info(classes=0)).digits == ()
    assert state.fitted(info(side=4096)).cells == 4


def test_samples_that_do_not_fit_a_generator_are_left_out() -> None:
    nine, one = of_class(1, 0, 9), of_class(2, 0, 1)
    held = held_sample(np.ones(3, np.float32), np.eye(10, dtype=np.float32)[1])
    state = ViewState(
        mode="path", locks=((0, nine), (3, one), (4, held)), timeline=Timeline((one, nine, one)), position=2.5,
        pad=Pad((one, one, nine)),
    )  # fmt: skip
    fitted = state.fitted(info(classes=3))
    assert fitted.locks == ((3, one),)
    assert fitted.timeline.keyframes == (one, one)
    assert fitted.position == 2.0, "the shorter timeline's end"
    assert fitted.pad.corners == ()


@pytest.mark.parametrize(("side", "cells"), [(28, 256), (1024, 64), (2048, 16), (4096, 4)])
def test_large_pictures_make_small_grids(side: int, cells: int) -> None:
    assert cells_limit(info(side=side)) == cells


def test_a_new_mode_is_paused_and_a_still_one_cannot_play() -> None:
    state = ViewState(playing=True, position=0.5).with_mode("number")
    assert (state.playing, state.position) == (False, 0.0)
    assert not state.with_playing(True).playing
    assert not ViewState(mode="path").with_playing(True).playing, "a timeline without keyframes has no way"


def test_a_timeline_loops_or_stops_at_its_end() -> None:
    keys = tuple(Sample(seed) for seed in range(3))
    loop = ViewState(mode="path", timeline=Timeline(keys), speed=1.0).with_playing(True)
    assert loop.advanced(2.5).position == 2.5
    assert loop.advanced(3.5).position == pytest.approx(0.5)
    once = loop.with_timeline(Timeline(keys, loop=False))
    ended = once.advanced(5.0)
    assert (ended.position, ended.playing) == (2.0, False)
    again = ended.with_playing(True)
    assert (again.position, again.playing) == (0.0, True)
    assert once.with_position(1.5).with_timeline(Timeline(keys[:2], loop=False)).position == 1.0


def test_digits_are_toggled_one_by_one() -> None:
    state = ViewState().toggled(3).toggled(1)
    assert state.digits == (1, 3)
    assert state.toggled(3).digits == (1,)


def test_amounts_are_clamped_and_trailing_zeros_dropped() -> None:
    state = ViewState().with_amount(2, 9.0)
    assert state.amounts == (0.0, 0.0, 4.0)
    assert state.with_amount(2, 0.0).amounts == ()


def test_locks_are_in_order_and_can_be_removed() -> None:
    one, two = Sample(1), Sample(2)
    state = ViewState().locked(5, one).locked(2, two)
    assert state.locks == ((2, two), (5, one))
    assert state.locked(5, None).locks == ((2, two),)


def test_the_seed_of_a_number_is_its_hand() -> None:
    state = ViewState(mode="number", seed=4).with_seed(9).stepped(-1)
    assert (state.seed, state.number.seed) == (4, 8)


def test_one_back_from_between_two_seeds_is_the_seed_that_was_passed() -> None:
    between = ViewState(seed=5, position=0.77)
    assert (between.stepped(-1).seed, between.stepped(-1).position) == (5, 0.0)
    assert between.stepped(1).seed == 6
    assert ViewState(seed=5).stepped(-1).seed == 4


def test_classes_of_the_same_name_are_the_same_in_another_generator() -> None:
    a, c, t = (of_class(seed, 0, label) for seed, label in enumerate((0, 2, 3)))
    mixed = Sample(4, 0, ((0, 0.5), (2, 0.5)))
    state = ViewState(
        digits=(0, 3), locks=((1, a), (2, t)), timeline=Timeline((a, c, t, mixed)), pad=Pad((a, c, mixed))
    )  # fmt: skip
    carried = state.carried(("a", "b", "c", "t"), ("c", "x", "a"))
    assert carried.digits == (2,)
    assert carried.locks == ((1, of_class(0, 0, 2)),)
    assert carried.timeline.keyframes == (of_class(0, 0, 2), of_class(1, 0, 0), Sample(4, 0, ((2, 0.5), (0, 0.5))))
    assert carried.pad.corners == carried.timeline.keyframes
    assert state.carried(("a", "b"), ("a", "b")) is state
    assert left_out(state, carried) == (
        "1 keyframe and 1 locked cell were left out: this generator does not have the same classes or latents."
    )


def test_what_was_left_out_is_named() -> None:
    one = of_class(1, 0, 9)
    state = ViewState(timeline=Timeline((one,) * 3), pad=Pad((one,) * 4), locks=((0, one),))
    said = left_out(state, state.fitted(info(classes=3)))
    assert said.startswith("3 keyframes, 4 corners of the pad and 1 locked cell were left out: this generator does not")
    assert left_out(state, state.fitted(info())) == ""
    hand = ViewState().with_drawn(one).with_drawn(one)
    assert left_out(hand, hand.fitted(info(classes=3))).startswith("2 samples of your hand were left out:")
    assert hand.carried(tuple("0123456789"), ("9", "x")).number.drawn == (of_class(1, 0, 0),) * 2
    single = ViewState(timeline=Timeline((one,)))
    assert left_out(single, single.fitted(info(classes=3))).startswith("1 keyframe was left out:")


def test_a_grid_of_locked_cells_is_all_locked() -> None:
    one = ViewState(cells=4).locked(0, Sample(1))
    assert not one.all_locked
    full = replace(one, locks=tuple((cell, Sample(1)) for cell in range(5)))
    assert full.all_locked
    assert not full.with_mode("path").all_locked
    assert not full.with_cells(9).all_locked


VECTOR = np.array([0.6, 0.8], "<f4").tobytes()


def test_shifts_are_clamped_and_zeros_dropped() -> None:
    state = ViewState().with_shift("a", VECTOR, 9.0)
    assert state.shifts == (Shift("a", VECTOR, 4.0),)
    other = state.with_shift("b", VECTOR[::-1], 0.0)
    assert other == state
    two = state.with_shift("b", bytes(8), -1.0).with_shift("a", VECTOR, 2.0)
    assert [(shift.name, shift.amount) for shift in two.shifts] == [("a", 2.0), ("b", -1.0)], "they keep their order"
    assert [shift.name for shift in two.with_shift("a", VECTOR, 0.0).shifts] == ["b"]
    assert not two.with_amount(1, 1.0).unmoved().shifts


def test_shifts_of_other_latents_are_left_out() -> None:
    state = ViewState().with_shift("a", VECTOR, 1.0)
    assert state.fitted(GeneratorInfo(2, "normal", (), 1, 4, 4)).shifts == state.shifts
    assert not state.fitted(GeneratorInfo(3, "normal", (), 1, 4, 4)).shifts


@pytest.mark.parametrize(
    ("name", "vector", "amount"),
    [
        ("x" * 25, VECTOR, 1.0),
        ("a\n", VECTOR, 1.0),
        ("a", b"", 1.0),
        ("a", VECTOR[1:], 1.0),
        ("a", np.array([np.nan, 0], "<f4").tobytes(), 1.0),
        ("a", np.array([3.0, 0], "<f4").tobytes(), 1.0),
        ("a", VECTOR, 4.1),
        ("a", VECTOR, float("nan")),
    ],
)
def test_a_shift_refuses_what_is_out_of_range(name: str, vector: bytes, amount: float) -> None:
    with pytest.raises(ValueError, match=r"direction|amount"):
        Shift(name, vector, amount)
