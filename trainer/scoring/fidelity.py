"""Distances between the features of generated and real images, and the classifier score."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.seeding import stream


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to two feature sets (Heusel et al. 2017, equation 6).

    |m1 - m2|^2 + tr(C1 + C2 - 2 sqrt(C1 C2)), with means m and covariances C. first, second: float [n, features]; n
    should well exceed the number of features. Values for different feature networks, or for different n, do not
    compare.
    """
    (mean_1, cov_1), (mean_2, cov_2) = ((x.mean(dim=0), torch.cov(x.T)) for x in (first.double(), second.double()))
    # sqrt(C1) C2 sqrt(C1) has the eigenvalues of C1 C2, but is symmetric, so that they are real.
    values, vectors = torch.linalg.eigh(cov_1)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_2 @ root).clamp(min=0).sqrt().sum()
    return float((mean_1 - mean_2).square().sum() + cov_1.trace() + cov_2.trace() - 2 * cross)


def kernel_distance(
    first: Tensor, second: Tensor, subsets: int = 100, size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return mean and standard deviation of `squared_mmd` over random subsets: the KID of Bińkowski et al. 2018.

    first, second: float [n, features], [m, features]. A subset has `size` points of each set, drawn without
    replacement, or as many as the smaller set has. The mean is around 0, of either sign, for sets of one distribution,
    whatever their sizes. The deviation is that of one subset. It is not the error of the mean, as the subsets overlap.
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
    """Return the unbiased squared maximum mean discrepancy (Gretton et al. 2012, equation 3), a scalar.

    The kernel is (x . y / features + 1)^3. first, second: float [n, features], [m, features], n and m at least 2.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return torch.addmm(x.new_ones(1), x, y.T, alpha=1 / x.shape[1]).pow_(3)

    def mean_of_pairs(x: Tensor) -> Tensor:
        matrix = kernel(x, x)
        return (matrix.sum() - matrix.trace()) / (len(x) * (len(x) - 1))

    return mean_of_pairs(first) + mean_of_pairs(second) - 2 * kernel(first, second).mean()


def classifier_score(logits: Tensor) -> float:
    """Return the Inception score (Salimans et al. 2016, section 4) of another classifier: from 1 to `classes`.

    exp(mean KL(p(y|x) || p(y))), where p(y) is the mean of p(y|x) over all images. logits: float [n, classes]. It is
    high if every image is classified with confidence and the classes are equally frequent; one fixed image for each
    class reaches the maximum. It is computed on the whole set: the usual ten splits only lower it (Barratt & Sharma
    2018).
    """
    log_probabilities = logits.double().log_softmax(dim=1)
    log_marginal = log_probabilities.exp().mean(dim=0).log()
    return float((log_probabilities.exp() * (log_probabilities - log_marginal)).sum(dim=1).mean().exp())
