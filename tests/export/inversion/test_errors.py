from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.inversion.checks import searchable
from export.inversion.errors import reconstruction_errors
from export.runtime.generator import open_generator
from export.runtime.latents import labels_of, latents, one_hot


@pytest.mark.parametrize("model", ["digits", "free", "colour"])
def test_images_of_the_generator_are_near_and_noise_is_far(
    models: dict[str, Path], model: str, rng: np.random.Generator
) -> None:
    generator = open_generator(models[model])
    info = generator.info
    labels = labels_of(info, (), 0, 12)
    y = one_hot(labels, len(info.classes)) if info.conditional else None
    made = np.rint((generator.generate(latents(info, 6, 0, 12), y) + 1) * 127.5).astype(np.uint8)
    near = reconstruction_errors(info, generator.generate, made, labels)
    far = reconstruction_errors(info, generator.generate, rng.integers(0, 256, made.shape, np.uint8), labels)
    assert np.median(near) < 0.1
    assert far.min() > 0.4


def test_labels_of_an_unconditional_generator_are_ignored(models: dict[str, Path]) -> None:
    generator = open_generator(models["free"])
    images = np.zeros((2, 1, 12, 12), np.uint8)
    with_labels = reconstruction_errors(generator.info, generator.generate, images, np.array([3, 7]))
    without = reconstruction_errors(generator.info, generator.generate, images, np.array([-1, -1]))
    np.testing.assert_array_equal(with_labels, without)


def test_long_latents_are_not_searched() -> None:
    assert searchable(GeneratorInfo(512, "normal", (), 1, 8, 8, {}))
    assert not searchable(GeneratorInfo(513, "normal", (), 1, 8, 8, {}))
