from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.data import datasets
from trainer.data.stacked import COUNTS, stack


def test_channels_are_digits_and_the_label_names_them() -> None:
    digits = np.arange(10, dtype=np.uint8)[:, None, None, None].repeat(4, axis=2).repeat(4, axis=3)
    images, labels = stack(digits, np.arange(10), "test")
    assert images.shape == (26_000, 3, 4, 4)
    np.testing.assert_array_equal(images[:, :, 0, 0] @ np.array([100, 10, 1]), labels)
    assert len(np.unique(labels)) == 1000
    assert not np.array_equal(labels[:100], stack(digits, np.arange(10), "train")[1][:100])


def test_it_is_made_of_mnist(mnist_dir: Path) -> None:
    source = datasets.load("stacked-mnist", mnist_dir, "test")
    assert source.images.shape == (COUNTS["test"], 3, 28, 28)
    assert source.format.classes[207] == "207"
    digits = {image.tobytes() for image in datasets.load("mnist", mnist_dir, "test").images}
    assert all(channel.tobytes() in digits for image in source.images[:50] for channel in image)
