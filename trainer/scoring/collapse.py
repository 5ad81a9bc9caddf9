"""Whether a generator makes every class, the class that was asked for, and many different images of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.scoring.neighbours import squared_radii

TWINS = 0.01
"""The share of real images that count as twins."""


@dataclass(frozen=True)
class Modes:
    """How images spread over modes; see `modes`."""

    shares: list[float]
    covered: int
    collapse_rate: float
    kl_nats: float


def modes(read: Tensor, count: int, least: int = 1) -> Modes:
    """The share of each mode, and the modes that a generator misses.

    `collapse_rate`: the share of the `count` modes with fewer than `least` images; `covered` is the number of the
    others. `kl_nats`: the Kullback-Leibler divergence of the shares from uniform.

    Stacked MNIST (Metz et al. 2017, VEEGAN: Srivastava et al. 2017, PacGAN: Lin et al. 2018): the 1,000 modes of three
    digits, 26,000 images, `least` 1; both published figures. A perfect generator has about
    (count - 1) / (2 images) = 0.019 nats there, not 0. Digits: ten modes, and `least` a tenth of what an even
    spread would have, so that a few misread images do not count for a digit: 100 of 10,000 images.

    read: int64 [images], the mode that the classifier reads in each image.
    """
    counts = torch.bincount(read, minlength=count)
    shares = counts.double() / len(read)
    covered = int((counts >= least).sum())
    return Modes(
        shares=shares.tolist(),
        covered=covered,
        collapse_rate=1 - covered / count,
        kl_nats=float(torch.xlogy(shares, shares * count).sum()),
    )


def confusion(asked: Tensor, read: Tensor, count: int) -> Tensor:
    """How often each class was read (columns) where each was asked for (rows): int64 [n], [n] -> [count, count]."""
    return torch.bincount(asked * count + read, minlength=count**2).view(count, count)


def conditional_accuracy(confused: Tensor) -> tuple[float, list[float]]:
    """The share of images read as asked: of all, and of each class (0 where it was never asked for)."""
    right, asked = confused.diag().double(), confused.sum(dim=1)
    return float(right.sum() / asked.sum()), (right / asked.clamp(min=1)).tolist()


def twins(real: Tensor, real_classes: Tensor, generated: Tensor, generated_classes: Tensor, count: int) -> list[float]:
    """For each class, the share of generated images that have a twin: collapse within the class.

    A twin is another generated image of the class that is no farther than the nearest other image is for 1 %
    (`TWINS`) of as many real images of the class. So 0.01 is as varied as real images, and 1 is a class of fixed
    images. This is the birthday paradox (Arora & Zhang 2018) with the real images' distances to say what is alike:
    a class of S different images has a twin for 1 - exp(-n / S) of n. Above 0.1, so with S below 10 n, a class has
    collapsed. A class of fewer than two images has 1.

    real, generated: [n, ...], [m, ...] in pixels or features, at least two real ones of each class; classes:
    int64 [n], [m], as asked for or as read.
    """
    shares = []
    for label in range(count):
        truth, images = real[real_classes == label], generated[generated_classes == label]
        size = min(len(truth), len(images))
        if size < 2:
            shares.append(1.0)
            continue
        usual, found = (squared_radii(points[:size].flatten(1).float(), 1) for points in (truth, images))
        shares.append(float((found <= usual.quantile(TWINS)).double().mean()))
    return shares
