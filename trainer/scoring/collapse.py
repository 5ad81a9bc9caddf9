"""Mode collapse: whether a generator makes every class, the requested class, and different images of each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.scoring.neighbours import squared_radii

TWINS = 0.01
"""The share of real images that have a twin, by definition."""


@dataclass(frozen=True)
class Modes:
    """How images are spread over modes; see `modes`."""

    shares: list[float]
    covered: int
    collapse_rate: float
    kl_nats: float


def modes(predicted: Tensor, count: int, least: int = 1) -> Modes:
    """Count the images of each mode.

    predicted: int64 [images], the mode of each image according to the classifier.

    `covered`: the number of modes with at least `least` images. `collapse_rate`: the share of the `count` modes that
    are not covered. `kl_nats`: the Kullback-Leibler divergence of the shares from the uniform distribution.

    For Stacked MNIST (Metz et al. 2017, VEEGAN: Srivastava et al. 2017, PacGAN: Lin et al. 2018), the modes are the
    1,000 combinations of three digits in 26,000 images, with `least` 1; `covered` and `kl_nats` are the published
    metrics. A perfect generator has about (count - 1) / (2 images) = 0.019 nats there, not 0. For digits, there are
    ten modes, and `least` is a tenth of an even share (100 of 10,000 images), so that a few misclassified images do
    not make up a mode.
    """
    counts = torch.bincount(predicted, minlength=count)
    shares = counts.double() / len(predicted)
    covered = int((counts >= least).sum())
    return Modes(
        shares=shares.tolist(),
        covered=covered,
        collapse_rate=1 - covered / count,
        kl_nats=float(torch.xlogy(shares, shares * count).sum()),
    )


def confusion(requested: Tensor, predicted: Tensor, count: int) -> Tensor:
    """Return the confusion matrix [count, count]: a row is the requested class, a column the predicted one.

    requested, predicted: int64 [n].
    """
    return torch.bincount(requested * count + predicted, minlength=count**2).view(count, count)


def conditional_accuracy(confused: Tensor) -> tuple[float, list[float]]:
    """Return the share of images predicted as requested: overall, and of each class (0 if it was never requested)."""
    right, requested = confused.diag().double(), confused.sum(dim=1)
    return float(right.sum() / requested.sum()), (right / requested.clamp(min=1)).tolist()


def twins(real: Tensor, real_classes: Tensor, generated: Tensor, generated_classes: Tensor, count: int) -> list[float]:
    """Return, for each class, the share of generated images that have a twin: it is high for a collapsed class.

    A twin is another generated image of the class that is at least as near as the closest 1 % (`TWINS`) of real
    images of the class are to their nearest neighbour. As many real images as generated ones are used. So 0.01 means
    as varied as real images, and 1 means a class of a few fixed images. This is the birthday paradox (Arora & Zhang
    2018), where the distances between real images define which images are alike: in a class of S different images,
    1 - exp(-n / S) of n images have a twin. Above 0.1, that is for S < 10 n, a class has collapsed. A class of fewer
    than two images has 1.

    real, generated: [n, ...], [m, ...], pixels or features, with at least two real images of each class; classes:
    int64 [n], [m], requested or predicted.
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
