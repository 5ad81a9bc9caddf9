from __future__ import annotations

import numpy as np
import pytest

from export.runtime.arrays import Int64, UInt8
from viewer.core.real.nearest import COPY, Found, Neighbours, by_pixels, is_copy, verdict, verdict_by_shape

COUNT = 60


@pytest.fixture(scope="module")
def pictures() -> tuple[UInt8, Int64]:
    random = np.random.default_rng(1)
    return random.integers(0, 256, (COUNT, 6, 6), np.uint8), np.arange(COUNT) % 3


@pytest.fixture(scope="module")
def index(pictures: tuple[UInt8, Int64]) -> Neighbours:
    return by_pixels(*pictures).measured(lambda done, of: None)


def test_a_copy_of_a_real_picture_is_found_and_called_one(pictures: tuple[UInt8, Int64], index: Neighbours) -> None:
    found = index.nearest(pictures[0][17].reshape(-1))
    assert found.rows[0] == 17
    assert found.distances[0] == 0.0
    assert is_copy(found)
    assert verdict(found, "MNIST", "2") == "A copy! This very picture is in MNIST."


def test_a_copy_that_the_eye_cannot_tell_is_called_one(pictures: tuple[UInt8, Int64], index: Neighbours) -> None:
    picture = pictures[0][5].reshape(-1).copy()
    picture[::7] ^= 1
    found = index.nearest(picture)
    assert 0 < found.distances[0] < COPY
    assert verdict(found, "MNIST", "2").startswith("A copy! To the eye")


def test_another_picture_is_none(index: Neighbours) -> None:
    other = np.random.default_rng(2).integers(0, 256, 36).astype(np.uint8)
    found = index.nearest(other)
    assert not is_copy(found)
    assert verdict(found, "MNIST", "0").startswith("Not a copy")


def test_the_nearest_are_those_of_all_distances(pictures: tuple[UInt8, Int64], index: Neighbours) -> None:
    wanted = np.random.default_rng(3).integers(0, 256, 36).astype(np.uint8)
    errors = (pictures[0].reshape(COUNT, -1).astype(float) - wanted) / 127.5
    distances = np.sqrt((errors**2).mean(axis=1))
    found = index.nearest(wanted)
    assert found.rows == tuple(distances.argsort()[:5].tolist())
    assert found.distances == pytest.approx(np.sort(distances)[:5], rel=1e-5)


def test_the_floor_is_how_near_real_pictures_are_to_each_other(
    pictures: tuple[UInt8, Int64], index: Neighbours
) -> None:
    rows = pictures[0].reshape(COUNT, -1).astype(float) / 127.5
    between = np.sqrt(((rows[:, None] - rows) ** 2).mean(axis=2))
    np.fill_diagonal(between, np.inf)
    for label in range(3):
        expected = np.sort(between.min(axis=1)[pictures[1] == label])
        np.testing.assert_allclose(index.floors[label], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("nearer", "begins"),
    [(0.0, "Almost a copy"), (0.37, "Not a copy: 37 of 100 pictures of class 3"), (1.0, "Not a copy. No picture")],
)
def test_the_answer_compares_with_the_floor(nearer: float, begins: str) -> None:
    assert verdict(Found((1,), (0.3,), 3, 0.3, nearer), "MNIST", "3").startswith(begins)
    assert verdict_by_shape(Found((1,), (0.3,), 3, 0.3, nearer), "MNIST", "3").endswith(".")


def test_a_search_can_be_cancelled(pictures: tuple[UInt8, Int64]) -> None:
    def stop(done: int, of: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        by_pixels(*pictures).measured(stop)
