"""Real digits of MNIST for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.runtime.arrays import UInt8


def mnist_digits(folder: Path, count: int, seed: int = 0) -> tuple[UInt8, UInt8]:
    """Return random test images, uint8 [count, 28, 28], and their labels. folder: as the `mnist_dir` fixture has it."""
    images = np.fromfile(next(folder.rglob("t10k-images-idx3-ubyte")), np.uint8)[16:].reshape(-1, 28, 28)
    labels = np.fromfile(next(folder.rglob("t10k-labels-idx1-ubyte")), np.uint8)[8:]
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return images[chosen], labels[chosen]
