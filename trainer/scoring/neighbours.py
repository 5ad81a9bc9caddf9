"""Metrics from nearest neighbours: precision, recall, density and coverage; and the nearest images themselves.

All distances are Euclidean. They are computed in blocks, so memory grows with the number of points and not with its
square.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 250


@dataclass(frozen=True)
class Overlap:
    """How two sets cover each other. `precision`, `recall` and `coverage` are shares; `density` may exceed 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def overlap(real: Tensor, generated: Tensor, k: int = 5) -> Overlap:
    """Return precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020).

    Each point has a ball that reaches to its k-th nearest neighbour in its own set. Precision is the share of generated
    points in at least one real ball, recall the share of real points in at least one generated ball. Density is the
    mean number of real balls that a generated point lies in, divided by k. Coverage is the share of real balls that
    contain a generated point.

    real, generated: float [n, features], [m, features], both with more than k rows. k is 5 for all four, as in Naeem's
    experiments; Kynkäänniemi uses 3. Two sets of one distribution have density 1 and coverage `expected_coverage`, but
    precision and recall below 1.
    """
    centre = real.mean(dim=0)  # small numbers lose least precision
    real, generated = real - centre, generated - centre
    real_radii, generated_radii = squared_radii(real, k), squared_radii(generated, k)
    balls = torch.zeros(len(generated), dtype=torch.int64, device=real.device)
    recalled = covered = 0
    for points, radii in zip(real.split(BLOCK), real_radii.split(BLOCK), strict=True):
        distances = squared_distances(points, generated)
        balls += (distances <= radii[:, None]).sum(dim=0)
        recalled += int((distances <= generated_radii).any(dim=1).sum())
        covered += int((distances.amin(dim=1) <= radii).sum())
    return Overlap(
        precision=float((balls > 0).double().mean()),
        recall=recalled / len(real),
        density=float(balls.double().mean()) / k,
        coverage=covered / len(real),
    )


def expected_coverage(real: int, generated: int, k: int = 5) -> float:
    """Return the expected coverage of two sets of one distribution (Naeem et al. 2020, lemma 2).

    real, generated: their sizes. For equal sizes it is about 1 - 2^-k.
    """
    missed = 1.0
    for i in range(1, k + 1):
        missed *= (real - i) / (real + generated - i)
    return 1 - missed


def squared_radii(points: Tensor, k: int) -> Tensor:
    """Return the squared distance of each point to its k-th nearest neighbour: float [n, features], n > k -> [n]."""
    # k + 1, because the nearest point is the point itself.
    smallest = (squared_distances(part, points).topk(k + 1, largest=False).values for part in points.split(BLOCK))
    return torch.cat([values[:, k] for values in smallest])


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """Return the squared distances [n, m] between float [n, features] and [m, features]."""
    products = torch.addmm(others.square().sum(dim=1), points, others.T, alpha=-2)
    return products.add_(points.square().sum(dim=1, keepdim=True)).clamp_(min=0)


def nearest(images: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distance, float32 [n], and the index, int64 [n], of each image's nearest neighbour in `others`.

    images, others: [n, ...], [m, ...] of any type, such as uint8 images or features. `others` may be large: only
    blocks of it are converted to float.
    """
    points = images.flatten(1).float()
    best = torch.full((len(points),), torch.inf, device=points.device)
    found = torch.zeros(len(points), dtype=torch.int64, device=points.device)
    for start in range(0, len(others), BLOCK):
        block = others[start : start + BLOCK].flatten(1).float()
        # The square of the image itself is left out: it does not change the order.
        values, indices = torch.addmm(block.square().sum(dim=1), points, block.T, alpha=-2).min(dim=1)
        closer = values < best
        best = torch.where(closer, values, best)
        found = torch.where(closer, indices + start, found)
    # The products above have rounding errors. The distance to the neighbour that was found is computed exactly.
    parts = zip(points.split(BLOCK), found.split(BLOCK), strict=True)
    return torch.cat([(part - others[index].flatten(1).float()).norm(dim=1) for part, index in parts]), found
