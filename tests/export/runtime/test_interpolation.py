import itertools

import numpy as np
import pytest

from export.runtime.interpolation import slerp


def rows(seed: int, count: int = 50, width: int = 16) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def test_slerp_returns_its_ends_exactly() -> None:
    a, b = rows(1), rows(2)
    assert np.array_equal(slerp(a, b, 0.0), a)
    assert np.array_equal(slerp(a, b, 1.0), b)


def test_slerp_agrees_with_the_textbook_for_equal_lengths() -> None:
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows(1), rows(2)))
    theta = np.arccos(np.sum(a * b, axis=1, keepdims=True))
    for t in (0.1, 0.5, 0.8):
        expected = (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)
        np.testing.assert_allclose(slerp(a, b, t), expected, atol=1e-5)


def test_slerp_interpolates_lengths_linearly() -> None:
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


def test_slerp_is_linear_from_zero_and_in_one_dimension() -> None:
    zero, b = np.zeros((3, 16), np.float32), rows(2, 3)
    np.testing.assert_allclose(slerp(zero, b, 0.5), b / 2, rtol=1e-6)
    one, minus = np.ones((2, 1), np.float32), -np.ones((2, 1), np.float32)
    np.testing.assert_allclose(slerp(one, minus, 0.25), 0.5 * one)
