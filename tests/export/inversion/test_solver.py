from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.inversion.checks import MOST_LATENTS
from export.inversion.solver import Settings, Solver
from export.inversion.starts import Pool
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import labels_of, latents, one_hot
from proofs.tiny_generator import write_model

SEED = 77


def made(generator: Generator, count: int, seed: int = SEED) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Latents, images and class weights of samples that are not in the pool."""
    z = latents(generator.info, seed, 0, count)
    labels = labels_of(generator.info, (), 0, count)
    y = one_hot(labels, len(generator.info.classes)) if generator.info.conditional else None
    return z, generator.generate(z, y), y


def search(generator: Generator, steps: int, count: int = 10, settings: Settings = Settings()) -> Solver:  # noqa: B008
    """Search for samples from other samples of the same class."""
    _, targets, y = made(generator, count)
    solver = Solver(generator.info, targets, latents(generator.info, SEED + 1, 0, count), y, settings=settings)
    for _ in range(steps):
        solver.step(generator.generate)
    return solver


@pytest.mark.parametrize("model", ["digits", "free", "colour", "many"])
def test_samples_of_every_kind_of_generator_are_found(models: dict[str, Path], model: str) -> None:
    solver = search(open_generator(models[model]), 15)
    assert np.median(solver.rms) < 0.05


def test_uniform_latents_stay_in_their_range(models: dict[str, Path]) -> None:
    generator = open_generator(models["free"])
    solver = Solver(generator.info, np.ones((2, 1, 12, 12), np.float32), np.full((2, 6), 5, np.float32), None)
    for _ in range(5):
        solver.step(generator.generate)
    assert np.abs(solver.latents).max() <= 1
    assert np.isfinite(solver.latents).all()


def test_the_state_is_what_the_generator_makes_of_it(bundled: Generator) -> None:
    solver = search(bundled, 3, 4)
    images = bundled.generate(solver.latents, solver.weights)
    np.testing.assert_allclose(solver.images, images, atol=1e-4)
    _, targets, _ = made(bundled, 4)
    np.testing.assert_allclose(solver.rms, np.sqrt(((images - targets) ** 2).mean(axis=(1, 2, 3))), atol=1e-4)


def test_the_error_never_rises_without_a_prior(bundled: Generator) -> None:
    _, targets, y = made(bundled, 4)
    solver = Solver(bundled.info, targets, latents(bundled.info, 5, 0, 4), y, settings=Settings(prior=0))
    errors = []
    for _ in range(6):
        solver.step(bundled.generate)
        errors.append(solver.rms)
    assert (np.diff(errors, axis=0) <= 1e-7).all()
    assert (errors[-1] < errors[0]).all()


def test_the_prior_keeps_latents_as_long_as_those_of_samples(bundled: Generator) -> None:
    """An image that the generator cannot make would otherwise pull the latent far away."""
    checks = np.indices((28, 28)).sum(axis=0) // 7 % 2 * 2 - 1
    target, start = checks[None, None].astype(np.float32), latents(bundled.info, 1, 0, 1)
    lengths = {}
    for prior in (0.0, 0.4):
        solver = Solver(bundled.info, target, start, one_hot([3], 10), settings=Settings(prior=prior))
        for _ in range(10):
            solver.step(bundled.generate)
        lengths[prior] = float(np.linalg.norm(solver.latents))
    assert lengths[0.4] < 12 < lengths[0.0]


def test_a_mask_leaves_out_what_it_says(bundled: Generator, pool: Pool) -> None:
    _, targets, y = made(bundled, 6)
    mask = np.ones((6, 28, 28), np.float32)
    mask[:, 10:18, 10:18] = 0
    found = []
    for filling in (-1.0, 1.0, np.nan):
        spoilt = targets.copy()
        spoilt[:, :, 10:18, 10:18] = filling
        start = pool.nearest(pool.squared_errors(spoilt, mask), labels_of(bundled.info, (), 0, 6), 1)[:, 0]
        solver = Solver(bundled.info, spoilt, pool.latents[start], y, mask)
        for _ in range(10):
            solver.step(bundled.generate)
        found.append(solver.latents)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    visible = (solver.images - targets) * mask[:, None]
    assert np.sqrt((visible**2).sum() / mask.sum()) < 0.1


def test_retargeting_keeps_the_latent(bundled: Generator) -> None:
    solver = search(bundled, 2, 2)
    before = solver.latents.copy()
    solver.retarget(np.full((2, 1, 28, 28), -1, np.float32))
    np.testing.assert_array_equal(solver.latents, before)
    old = solver.rms.copy()
    solver.step(bundled.generate)
    assert (solver.rms < old).all()


def test_rows_do_not_depend_on_each_other(bundled: Generator) -> None:
    solver = search(bundled, 2, 3)
    one = solver.keep(np.array([1]))
    solver.step(bundled.generate)
    one.step(bundled.generate)
    np.testing.assert_allclose(one.latents[0], solver.latents[1], atol=1e-3)


def test_weights_are_fitted_only_on_request_and_stay_weights(bundled: Generator) -> None:
    z = latents(bundled.info, SEED, 0, 10)
    mixed = np.repeat(one_hot([4, 9], 10).mean(axis=0, keepdims=True), 10, axis=0)
    targets = bundled.generate(z, mixed)
    start = one_hot([4] * 10, 10)
    errors = {}
    for fit in (False, True):
        solver = Solver(bundled.info, targets, z, start, settings=Settings(fit_weights=fit))
        for _ in range(8):
            solver.step(bundled.generate)
        assert solver.weights is not None
        errors[fit] = solver.rms.mean()
        assert (solver.weights >= 0).all()
        np.testing.assert_allclose(solver.weights.sum(axis=1), 1, atol=1e-5)
        assert np.array_equal(solver.weights, start) is not fit
    assert errors[True] < errors[False]


def test_a_robust_search_ignores_a_blot(bundled: Generator) -> None:
    _, targets, y = made(bundled, 8)
    spoilt = targets.copy()
    spoilt[:, :, 2:8, 2:8] = 1
    errors = {}
    for robust in (0.0, 0.1):
        solver = Solver(bundled.info, spoilt, latents(bundled.info, SEED, 0, 8), y, settings=Settings(robust=robust))
        for _ in range(6):
            solver.step(bundled.generate)
        errors[robust] = np.sqrt(((solver.images - targets) ** 2).mean())
    assert errors[0.1] < errors[0.0]


def test_long_latents_are_searched_in_parts(tmp_path: Path) -> None:
    info = GeneratorInfo(300, "normal", (), 1, 24, 24, {})
    generator = open_generator(write_model(tmp_path / "long.onnx", info))
    sizes = []

    def run(z: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        sizes.append(len(z))
        return generator.generate(z, y)

    _, targets, _ = made(generator, 1)
    solver = Solver(info, targets, latents(info, 0, 0, 1) * np.float32(0.5), None)
    errors = []
    for _ in range(9):
        solver.step(run)
        errors.append(solver.rms[0])
    assert max(sizes) == 128
    assert errors[-1] < errors[0] / 2


def test_what_cannot_be_searched_is_explained(bundled: Generator) -> None:
    info, z, y = bundled.info, latents(bundled.info, 0, 0, 1), one_hot([0], 10)
    target = np.zeros((1, 1, 28, 28), np.float32)
    with pytest.raises(ExportError, match="images of 1 x 28 x 28, and the target is 1 x 32 x 32"):
        Solver(info, np.zeros((1, 1, 32, 32), np.float32), z, y)
    with pytest.raises(ExportError, match="not finite"):
        Solver(info, target * np.nan, z, y)
    with pytest.raises(ExportError, match="28 x 28 pixels"):
        Solver(info, target, z, y, np.ones((1, 3, 3), np.float32))
    for mask in (np.zeros((1, 28, 28), np.float32), -np.ones((1, 28, 28), np.float32)):
        with pytest.raises(ExportError, match="one above 0"):
            Solver(info, target, z, y, mask)
    long = GeneratorInfo(4096, "normal", (), 1, 28, 28, {})
    with pytest.raises(ExportError, match=f"4,096 numbers.*at most {MOST_LATENTS}"):
        Solver(long, target, np.zeros((1, 4096), np.float32), None)
