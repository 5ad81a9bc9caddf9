from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.inversion.neighbours import jacobian, local_directions, split
from export.runtime.arrays import Float32
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import latents, one_hot
from proofs.tiny_generator import write_model


def linear(matrix: Float32) -> tuple[GeneratorInfo, object]:
    """Return a generator without a network: images = z @ matrix."""
    info = GeneratorInfo(len(matrix), "normal", (), 1, 2, matrix.shape[1] // 2)
    return info, lambda z, _: (z @ matrix).reshape(len(z), 1, 2, -1)


def test_the_directions_are_the_strongest_and_turned_to_light() -> None:
    matrix = np.diag([1, -5, 0.5, 3, 0.1, 2]).astype(np.float32)
    info, run = linear(matrix)
    found = local_directions(info, run, np.zeros(6, np.float32), None, 3)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, [-np.eye(6)[1], np.eye(6)[3], np.eye(6)[5]], atol=1e-3)


def test_short_latents_have_as_many_directions(tmp_path: Path) -> None:
    info = GeneratorInfo(3, "uniform", (), 3, 6, 4)
    generator = open_generator(write_model(tmp_path / "g.onnx", info), "cpu")
    found = local_directions(info, generator.generate, np.array([1, -1, 0], np.float32), None, 8)
    assert found.shape == (8, 3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert len({tuple(row) for row in found.round(4).tolist()}) >= 6


def test_the_jacobian_of_a_real_generator_predicts_a_small_move(bundled: Generator) -> None:
    z, y = latents(bundled.info, 3, 0, 1), one_hot([4], 10)
    changes = jacobian(bundled.info, bundled.generate, z[0], y[0])
    vectors = local_directions(bundled.info, bundled.generate, z[0], y[0], 64)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(64), atol=1e-4)
    effects = np.linalg.norm(vectors @ changes, axis=1)
    assert (np.diff(effects) <= 1e-3).all()
    moved = bundled.generate(z + 0.02 * vectors[:1], y) - bundled.generate(z, y)
    np.testing.assert_allclose(moved.ravel(), 0.02 * vectors[0] @ changes, atol=0.05)


def test_a_way_is_split_into_its_strongest_part_and_the_rest() -> None:
    info, run = linear(np.diag([1, 5, 0.5, 3, 0.1, 2]).astype(np.float32))
    pair = np.stack([np.zeros(6), np.ones(6)]).astype(np.float32)
    parts = split(info, run, pair, None)  # type: ignore[arg-type]
    np.testing.assert_allclose(parts.sum(axis=0), pair[1], atol=1e-5)
    np.testing.assert_allclose(parts[0], np.eye(6)[1], atol=1e-2)


def test_latents_that_are_too_long_are_refused() -> None:
    info = GeneratorInfo(600, "normal", (), 1, 4, 4)
    with pytest.raises(ExportError, match="600 numbers"):
        jacobian(info, lambda z, _: np.zeros((len(z), 1, 4, 4), np.float32), np.zeros(600, np.float32), None)
