"""How close generated images are to real ones: distances between feature sets, and the classifier score."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.seeding import stream


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Squared Fréchet distance of the Gaussians with both feature sets' moments (Heusel et al. 2017, equation 6).

    first, second: float [n, features]; n should well exceed the number of features. Figures of different feature
    networks, or of different n, do not compare.
    """
    (mean_1, cov_1), (mean_2, cov_2) = ((x.mean(dim=0), torch.cov(x.T)) for x in (first.double(), second.double()))
    # The trace of sqrt(C1 C2) from the symmetric sqrt(C1) C2 sqrt(C1), whose eigenvalues are the same and real.
    values, vectors = torch.linalg.eigh(cov_1)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_2 @ root).clamp(min=0).sqrt().sum()
    return float((mean_1 - mean_2).square().sum() + cov_1.trace() + cov_2.trace() - 2 * cross)


def kernel_distance(
    first: Tensor, second: Tensor, subsets: int = 100, size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Kernel distance (KID, Bińkowski et al. 2018): mean and standard deviation of `squared_mmd` over random subsets.

    first, second: float [n, features], [m, features]. A subset is `size` of each, without replacement, or as many as
    the smaller set has. Around 0, of either sign, for sets of one distribution, whatever their sizes. The subsets
    overlap, so the deviation is that of a subset, not the error of the mean.
    """
    random = stream(torch.device("cpu"), seed, "kernel distance")
    size = min(size, len(first), len(second))
    values = []
    for _ in range(subsets):
        chosen = (points[torch.randperm(len(points), generator=random)[:size]].double() for points in (first, second))
        values.append(squared_mmd(*chosen))
    spread, mean = torch.std_mean(torch.stack(values), correction=0)
    return float(mean), float(spread)


def squared_mmd(first: Tensor, second: Tensor) -> Tensor:
    """Unbiased squared maximum mean discrepancy, kernel (x . y / features + 1)^3 (Gretton et al. 2012, equation 3).

    first, second: float [n, features], [m, features], n and m at least 2 -> a scalar.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return torch.addmm(x.new_ones(1), x, y.T, alpha=1 / x.shape[1]).pow_(3)

    def mean_of_pairs(x: Tensor) -> Tensor:
        matrix = kernel(x, x)
        return (matrix.sum() - matrix.trace()) / (len(x) * (len(x) - 1))

    return mean_of_pairs(first) + mean_of_pairs(second) - 2 * kernel(first, second).mean()


def classifier_score(logits: Tensor) -> float:
    """The Inception score's formula (Salimans et al. 2016, section 4) with the given classifier: 1 to `classes`.

    exp of the mean Kullback-Leibler divergence, in nats, of each image's class probabilities from their mean over all
    images. logits: float [n, classes]. High when every image is read surely and the classes are equally frequent; ten
    fixed images reach the maximum. One set, not the mean of ten splits: splits only lower it (Barratt & Sharma 2018).
    """
    log_probabilities = logits.double().log_softmax(dim=1)
    log_marginal = log_probabilities.exp().mean(dim=0).log()
    return float((log_probabilities.exp() * (log_probabilities - log_marginal)).sum(dim=1).mean().exp())
