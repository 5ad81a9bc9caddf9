"""How close generated images are to real ones, as distances between their features."""

from __future__ import annotations

import torch
from torch import Tensor


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
