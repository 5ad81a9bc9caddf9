"""Two generators on the same latents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.compare import (
    MORE_IN_A,
    MORE_IN_B,
    comparable,
    difference,
    difference_in_words,
    mean_difference,
    misfit,
)

INFO = GeneratorInfo(8, "normal", ("a", "b"), 1, 4, 4)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(INFO, latent_size=9), "differ in latent size (8 and 9)"),
        (replace(INFO, latent_distribution="uniform"), "latent distribution"),
        (replace(INFO, classes=()), "differ in number of classes (2 and 0)"),
        (replace(INFO, classes=("a", "c")), "differ in classes (different names)"),
    ],
)
def test_generators_that_cannot_be_compared_are_a_sentence(other: GeneratorInfo, said: str) -> None:
    assert said in misfit(INFO, other)
    assert misfit(INFO, other).endswith(".")


def test_other_picture_sizes_can_be_compared() -> None:
    assert misfit(INFO, replace(INFO, height=9, channels=3, provenance={"preset": "other"})) == ""


def test_differences_are_exact() -> None:
    first = np.array([[[255, 0, 10]]], np.uint8)
    second = np.array([[[0, 255, 10]]], np.uint8)
    assert difference(first, second, "absolute").tolist() == [[[255, 255, 0]]]
    assert difference(first, second, "signed").tolist() == [[[list(MORE_IN_A), list(MORE_IN_B), [0, 0, 0]]]]
    assert mean_difference(first, second) == pytest.approx(170.0)
    assert not comparable(first, second[..., :2])


def test_differences_of_colour_pictures() -> None:
    first = np.full((2, 3, 3, 3), 200, np.uint8)
    second = np.full((2, 3, 3, 3), 100, np.uint8)
    assert (difference(first, second, "absolute") == 100).all()
    signed = difference(second, first, "signed")
    assert signed.shape == (2, 3, 3, 3)
    assert signed[0, 0, 0].tolist() == [round(100 / 255 * channel) for channel in MORE_IN_B]


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (0.0, "no difference"),
        (1 / 28**2, "differ by less than 1 %"),
        (2.54, "differ by less than 1 %"),
        (2.56, "differ by 1 %"),
        (255.0, "differ by 100 %"),
    ],
)
def test_a_difference_in_words(mean: float, words: str) -> None:
    assert difference_in_words(mean) == words
