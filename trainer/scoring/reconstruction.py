"""The reconstruction error: how near the nearest images of a generator are to real ones."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from trainer.scoring.neighbours import nearest
from trainer.scoring.real import ImageSet

Reconstruct = Callable[[Tensor, Tensor], Tensor]
"""Returns how near something comes to real images: takes uint8 [n, channels, size, size] and their classes, int64 [n],
and returns root mean squared errors, float [n], in units of [-1, 1]."""
LEAST, MOST, SHARE = 10, 100, 0.01
"""Limits on the number of images that are reconstructed, and that number as a share of the generated images."""


def nearest_of(images: ImageSet) -> Reconstruct:
    """Return a function that takes the nearest of `images`, whatever its class."""

    def errors(real: Tensor, _labels: Tensor) -> Tensor:
        distances, _ = nearest(real, images.pixels)
        return distances / (127.5 * math.sqrt(real[0].numel()))

    return errors


def reconstruction_error(held_out: ImageSet, count: int, reconstruct: Reconstruct) -> float:
    """Return the mean error over held-out images that are spread evenly over the set.

    count: number of generated images; a hundredth of it is reconstructed, but at least LEAST and at most MOST.
    """
    some = min(max(LEAST, min(MOST, round(SHARE * count))), len(held_out))
    rows = [len(held_out) * number // some for number in range(some)]
    return float(reconstruct(held_out.pixels[rows], held_out.labels[rows]).double().mean())
