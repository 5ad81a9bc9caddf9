from __future__ import annotations

from pathlib import Path

import numpy as np

from export.runtime.generator import open_generator
from export.runtime.pixels import from_pixels, to_pixels


def test_all_levels_come_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    images = from_pixels(levels)
    assert (images.min(), images.max()) == (-1, 1)
    assert np.array_equal(to_pixels(images), levels[:, 0])


def test_images_for_display(models: dict[str, Path]) -> None:
    grey = np.array([-1.2, -1, 0, 1]).reshape(1, 1, 2, 2)
    assert to_pixels(grey.astype(np.float32)).tolist() == [[[0, 0], [128, 255]]]
    generator = open_generator(models["colour"])
    z, y = np.zeros((1, 6), np.float32), np.eye(3, dtype=np.float32)[[1]]
    np.testing.assert_array_equal(to_pixels(generator.generate(z, y)), generator.generate_pixels(z, y))
