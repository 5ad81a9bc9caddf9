"""Mixtures of latents, and easing."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.latents import eased, mixture
from viewer.core.state.timeline import EASINGS


def info(distribution: str) -> GeneratorInfo:
    return GeneratorInfo(3, distribution, (), 1, 8, 8)


def test_a_mixture_of_normal_latents_is_as_long_as_they_are() -> None:
    z = np.array([[3, 0, 0], [0, 4, 0]], np.float32)
    assert np.linalg.norm(mixture(info("normal"), z, np.array([0.5, 0.5]))) == pytest.approx(3.5)
    np.testing.assert_allclose(mixture(info("uniform"), z, np.array([0.5, 0.5])), [[1.5, 2, 0]])
    for distribution in ("normal", "uniform"):
        np.testing.assert_allclose(mixture(info(distribution), z, np.array([0.0, 1.0])), z[1:])


def test_opposite_latents_have_a_mixture() -> None:
    z = np.array([[1, 0, 0], [-1, 0, 0]], np.float32)
    np.testing.assert_array_equal(mixture(info("normal"), z, np.array([0.5, 0.5])), [[0, 0, 0]])


@pytest.mark.parametrize("easing", EASINGS)
def test_easing_goes_from_0_to_1_and_never_back(easing: str) -> None:
    way = [eased(t, easing) for t in np.linspace(0, 1, 101)]
    assert [way[0], way[50], way[100]] == pytest.approx([0.0, 0.5, 1.0])
    assert min(np.diff(way)) >= 0.0
    assert (way[20] == 0.0) == (easing == "hold")
