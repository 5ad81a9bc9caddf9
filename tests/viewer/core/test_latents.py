"""Latents of a state."""

import itertools

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.latents import latents
from viewer.core.latents import class_weights, latents_at, lerp, slerp
from viewer.core.state import SEED_MAX, ViewState

NORMAL = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
UNIFORM = GeneratorInfo(16, "uniform", (), 1, 28, 28)


def rows(seed: int, count: int = 50, width: int = 16) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def test_slerp_ends_exactly_where_it_should() -> None:
    a, b = rows(1), rows(2)
    assert np.array_equal(slerp(a, b, 0.0), a)
    assert np.array_equal(slerp(a, b, 1.0), b)


def test_slerp_agrees_with_the_textbook_where_lengths_are_equal() -> None:
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows(1), rows(2)))
    theta = np.arccos(np.sum(a * b, axis=1, keepdims=True))
    for t in (0.1, 0.5, 0.8):
        expected = (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)
        np.testing.assert_allclose(slerp(a, b, t), expected, atol=1e-5)


def test_slerp_keeps_lengths_between_those_of_its_ends() -> None:
    a, b = rows(1), 2 * rows(2)
    lengths = [np.linalg.norm(x, axis=1) for x in (a, slerp(a, b, 0.25), b)]
    np.testing.assert_allclose(lengths[1], 0.75 * lengths[0] + 0.25 * lengths[2], rtol=1e-5)


@pytest.mark.parametrize("nudge", [0.0, 1e-7, 1e-4])
def test_slerp_of_nearly_parallel_rows_stays_between_them(nudge: float) -> None:
    a = rows(1)
    b = a + np.float32(nudge)
    np.testing.assert_allclose(slerp(a, b, 0.5), (a + b) / 2, atol=1e-5)


@pytest.mark.parametrize("nudge", [0.0, 1e-6])
def test_slerp_of_opposite_rows_turns_without_shrinking(nudge: float) -> None:
    a = rows(1)
    b = -a + np.float32(nudge) * rows(2)
    path = [slerp(a, b, t) for t in np.linspace(0, 1, 9)]
    for point in path:
        np.testing.assert_allclose(np.linalg.norm(point, axis=1), np.linalg.norm(a, axis=1), rtol=1e-4)
    steps = [np.linalg.norm(y - x, axis=1) for x, y in itertools.pairwise(path)]
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], np.shape(steps)), rtol=1e-3)


def test_slerp_leaves_the_origin_and_the_line() -> None:
    zero, b = np.zeros((3, 16), np.float32), rows(2, 3)
    np.testing.assert_allclose(slerp(zero, b, 0.5), b / 2, rtol=1e-6)
    one, minus = np.ones((2, 1), np.float32), -np.ones((2, 1), np.float32)
    np.testing.assert_allclose(slerp(one, minus, 0.25), 0.5 * one)


def test_cells_are_the_samples_of_the_seed() -> None:
    state = ViewState(seed=12, cells=9)
    assert np.array_equal(latents_at(NORMAL, state), latents(NORMAL, 12, 0, 9))


def test_a_larger_grid_begins_with_the_smaller_one() -> None:
    small, large = (latents_at(NORMAL, ViewState(seed=3, cells=cells, position=0.4)) for cells in (4, 100))
    np.testing.assert_allclose(large[:4], small, rtol=1e-6)


def test_a_walk_is_continuous_over_its_keyframes() -> None:
    before = latents_at(NORMAL, ViewState(seed=7, position=1 - 1e-6))
    at = latents_at(NORMAL, ViewState(seed=8))
    np.testing.assert_allclose(before, at, atol=1e-4)
    np.testing.assert_array_equal(
        latents_at(NORMAL, ViewState(seed=7, position=1.25)), latents_at(NORMAL, ViewState(seed=8, position=0.25))
    )


def test_uniform_latents_move_on_lines_and_stay_in_their_box() -> None:
    half = latents_at(UNIFORM, ViewState(seed=7, cells=100, position=0.5))
    np.testing.assert_array_equal(half, lerp(latents(UNIFORM, 7, 0, 100), latents(UNIFORM, 8, 0, 100), 0.5))
    assert np.abs(half).max() <= 1.0


def test_truncation_scales() -> None:
    plain, half, none = (latents_at(NORMAL, ViewState(seed=7, truncation=psi)) for psi in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(half, plain / 2)
    assert not none.any()
    assert half.dtype == np.float32


def test_the_last_seed_has_a_next_one_to_walk_to() -> None:
    assert np.isfinite(latents_at(NORMAL, ViewState(seed=SEED_MAX, position=1.5))).all()


def test_mixed_cells_go_through_the_classes() -> None:
    mixed = class_weights(NORMAL, ViewState(cells=25))
    assert mixed is not None
    assert mixed.argmax(axis=1).tolist() == [i % 10 for i in range(25)]


def test_one_digit_fills_every_cell() -> None:
    threes = class_weights(NORMAL, ViewState(cells=4, digit=3))
    assert threes is not None
    assert threes.tolist() == [[float(i == 3) for i in range(10)]] * 4


def test_without_classes_there_are_no_weights() -> None:
    assert class_weights(UNIFORM, ViewState()) is None
