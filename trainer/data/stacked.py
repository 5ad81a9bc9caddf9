"""Stacked MNIST: three digits as the colour channels of an image, 1,000 modes (Metz et al. 2017)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

COUNTS = {"train": 128_000, "test": 26_000}
"""Number of images by split, as in PacGAN (Lin et al. 2018), which measures collapse on 26,000."""
CLASSES = tuple(f"{number:03d}" for number in range(1000))
SEEDS = {"train": 0, "test": 1}


def stack(
    digits: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], split: str
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images uint8 [n, 3, size, size] and labels 0 to 999, made from digits [m, 1, size, size].

    The result is always the same.
    """
    random = np.random.Generator(np.random.PCG64(SEEDS[split]))
    chosen = random.integers(0, len(digits), (COUNTS[split], 3))
    return digits[chosen, 0], labels[chosen] @ np.array([100, 10, 1])
