"""Directions that change a measured quantity."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.latents import latents
from tests.viewer.core.scene.test_quantities import bar
from viewer.core.scene.directions import measure_coarse, measured
from viewer.core.scene.latents import Float64
from viewer.core.scene.measured import EXPLAINED, contrast, explained

SIZE = 12


def drawn(info: GeneratorInfo, count: int) -> Float32:
    """Bars whose slant is latent 0, whose width is latent 3, and that are all equally tall: [count, values]."""
    z = latents(info, 0, 0, count)
    return np.concatenate([bar(0.1 * row[0], 8 + row[3]) for row in z]).reshape(count, -1)


@pytest.mark.parametrize(("distribution", "length"), [("normal", 1.0), ("uniform", 1 / np.sqrt(3))])
def test_the_latent_that_is_the_slant_is_found(distribution: str, length: float) -> None:
    info = GeneratorInfo(SIZE, distribution, (), 1, 48, 48)
    found = {one.name: one for one in measured(info, measure_coarse(info, drawn(info, 256)))}
    assert {"Slant", "Width"} <= set(found)
    assert "Height" not in found, "all are equally tall"
    for name, place in (("Slant", 0), ("Width", 3)):
        vector = np.frombuffer(found[name].vector, "<f4")
        np.testing.assert_allclose(vector, length * np.eye(SIZE)[place], atol=0.05)
        assert found[name].quantity == name
        assert found[name].explained > 0.9


def quantities(z: Float32, noise: float, seed: int = 0) -> Float64:
    """Latent 2 plus noise, in three classes of different means; and a constant: float64 [n, 3, 2]."""
    random = np.random.default_rng(seed).standard_normal((len(z), 3))
    first = z[:, 2:3] + noise * random + [0.0, 5.0, -3.0]
    return np.stack([first, np.full_like(first, 7.0)], axis=2)


@pytest.mark.parametrize(("noise", "r2"), [(0.0, 1.0), (1.0, 0.5), (1.5, 1 / 3.25)])
def test_how_well_is_the_share_of_the_variance_of_single_pictures(noise: float, r2: float) -> None:
    z = latents(GeneratorInfo(32, "normal", (), 1, 8, 8), 0, 0, 1024)
    found = explained(z, quantities(z, noise))
    assert list(found) == [0], "a constant has no direction"
    assert found[0].r2 == pytest.approx(r2, abs=0.04)
    assert found[0].unit[2] > 0.98


@pytest.mark.parametrize("size", [4, 64, 300])
def test_what_latents_do_not_explain_is_not_offered(size: int) -> None:
    z = latents(GeneratorInfo(size, "normal", (), 1, 8, 8), 0, 0, 256)
    for seed in range(20):
        assert not explained(z, np.random.default_rng(seed).standard_normal((256, 1, 2)))
    barely = quantities(z, np.sqrt(1 / (EXPLAINED - 0.08) - 1))
    assert not explained(z, barely)


def test_long_latents_take_the_dual_and_give_the_same() -> None:
    z = latents(GeneratorInfo(40, "normal", (), 1, 8, 8), 0, 0, 200)
    wide = np.concatenate([z, np.zeros((200, 400), np.float32)], axis=1)
    short, long = (explained(each, quantities(z, 0.5))[0] for each in (z, wide))
    assert long.r2 == pytest.approx(short.r2)
    np.testing.assert_allclose(long.unit[:40], short.unit, atol=1e-9)


def test_pictures_that_cannot_be_measured_are_left_out() -> None:
    z = latents(GeneratorInfo(8, "normal", (), 1, 8, 8), 0, 0, 256)
    values = quantities(z, 0.1)
    values[::4, 0] = np.nan
    values[5] = np.nan
    assert explained(z, values)[0].unit[2] > 0.98
    values[:, :2] = np.nan
    assert not explained(z, values), "too few are left"


def test_a_contrast_leads_from_the_others_to_the_chosen() -> None:
    random = np.random.default_rng(3)
    one, other = random.standard_normal((2, 30, 6)).astype(np.float32)
    one[:, 4] += 2.0
    found = contrast(one, other, 1.0)
    assert found is not None
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found[4] > 0.9
    assert contrast(one, one, 1.0) is None


def test_a_contrast_of_few_cells_is_the_difference_of_the_means() -> None:
    """One latent with no spread by chance must not outweigh all others, as dividing by its variance would have it."""
    one = np.array([[1.0, 1.0], [1.0, 2.0]], np.float32)
    other = np.array([[0.0, 0.0], [0.0, -1.0]], np.float32)
    found = contrast(one, other, 1.0)
    assert found is not None
    difference = np.array([1.0, 2.0])
    assert found @ difference / np.linalg.norm(difference) > 0.99
