from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.inversion import starts
from export.inversion.starts import Pool
from export.runtime.generator import open_generator


@pytest.fixture
def pool(models: dict[str, Path]) -> Pool:
    generator = open_generator(models["colour"])
    return Pool.draw(generator.info, generator.generate, per_class=5)


def test_samples_take_the_classes_in_turn(pool: Pool) -> None:
    assert pool.labels.tolist() == [0, 1, 2] * 5
    weights = pool.weights(np.array([4]))
    assert weights is not None
    assert weights.tolist() == [[0, 1, 0]]


def test_errors_are_mean_squares_over_the_mask(pool: Pool, rng: np.random.Generator) -> None:
    targets = rng.uniform(-1, 1, (2, 3, 12, 12)).astype(np.float32)
    mask = rng.uniform(0, 1, (2, 12, 12)).astype(np.float32)
    images = pool.images.reshape(-1, 3, 12, 12)
    squares = (targets[:, None] - images) ** 2
    np.testing.assert_allclose(pool.squared_errors(targets), squares.mean(axis=(2, 3, 4)), atol=1e-5)
    weighted = (squares * mask[:, None, None]).sum(axis=(2, 3, 4)) / (3 * mask.sum(axis=(1, 2)))[:, None]
    np.testing.assert_allclose(pool.squared_errors(targets, mask), weighted, atol=1e-5)


def test_the_nearest_sample_of_a_class_is_found(pool: Pool) -> None:
    targets = pool.images[[4, 7]].reshape(2, 3, 12, 12)
    errors = pool.squared_errors(targets)
    assert pool.nearest(errors, np.array([1, 1]), 1).tolist() == [[4], [7]]
    assert pool.nearest(errors, np.array([-1, -1]), 1).tolist() == [[4], [7]]
    of_another = pool.nearest(errors, np.array([0, 2]), 2)
    assert (pool.labels[of_another] == [[0, 0], [2, 2]]).all()
    many = pool.nearest(errors, np.array([1, 1]), 9)
    assert sorted(set(many[0].tolist())) == [1, 4, 7, 10, 13]


def test_a_pool_is_limited_in_number_and_memory(monkeypatch: pytest.MonkeyPatch, models: dict[str, Path]) -> None:
    generator = open_generator(models["many"])
    monkeypatch.setattr(starts, "MOST_SAMPLES", 70)
    assert len(Pool.draw(generator.info, generator.generate).images) == 60
    monkeypatch.setattr(starts, "MOST_BYTES", 30 * 144 * 4)
    assert len(Pool.draw(generator.info, generator.generate).images) == 30
    free = open_generator(models["free"])
    assert len(Pool.draw(free.info, free.generate, per_class=2).images) == 20


def test_long_latents_are_refused_before_anything_runs() -> None:
    def run(z: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        raise AssertionError

    with pytest.raises(ExportError, match="4,096 numbers"):
        Pool.draw(GeneratorInfo(4096, "normal", (), 1, 28, 28, {}), run)
