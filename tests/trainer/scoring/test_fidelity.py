from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from trainer.scoring.fidelity import classifier_score, frechet_distance, kernel_distance, squared_mmd


def gaussian(mean: torch.Tensor, root: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, len(mean), generator=generator, dtype=torch.double) @ root.T + mean


def standard(count: int, features: int, seed: int) -> torch.Tensor:
    zero = torch.zeros(features, dtype=torch.double)
    return gaussian(zero, zero.exp().diag(), count, seed)


def test_two_gaussians_of_known_distance() -> None:
    zero, scale = torch.zeros(3, dtype=torch.double), torch.diag(torch.tensor([1.0, 2.0, 3.0], dtype=torch.double))
    first = gaussian(zero, scale, 200_000, 0)
    shifted = gaussian(zero + 2, 2 * scale, 200_000, 1)
    # |m1 - m2|^2 + sum (s1 - s2)^2, as both covariances are diagonal
    assert frechet_distance(first, shifted) == pytest.approx(3 * 4 + 1 + 4 + 9, rel=0.01)


def test_covariances_that_do_not_commute() -> None:
    zero = torch.zeros(2, dtype=torch.double)
    one = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.double)
    other = torch.tensor([[1.0, 1.0], [0.0, 1.0]], dtype=torch.double)
    c1, c2 = one @ one.T, other @ other.T
    product = torch.linalg.eigvals(c1 @ c2).real.sqrt().sum()
    expected = (c1.trace() + c2.trace() - 2 * product).item()
    assert frechet_distance(gaussian(zero, one, 10**6, 0), gaussian(zero, other, 10**6, 1)) == pytest.approx(
        expected, rel=0.02
    )


def test_a_set_is_at_no_distance_from_itself() -> None:
    features = gaussian(torch.ones(5, dtype=torch.double), torch.eye(5, dtype=torch.double), 100, 0)
    assert frechet_distance(features, features.flip(0)) == pytest.approx(0, abs=1e-9)


def test_the_kernel_distance_pair_by_pair() -> None:
    first, second = standard(4, 3, 0), standard(5, 3, 1) + 1

    def mean(pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
        return sum((float(x @ y) / 3 + 1) ** 3 for x, y in pairs) / len(pairs)

    within = [[(x[i], x[j]) for i, j in product(range(len(x)), repeat=2) if i != j] for x in (first, second)]
    expected = mean(within[0]) + mean(within[1]) - 2 * mean(list(product(first, second)))
    assert float(squared_mmd(first, second)) == pytest.approx(expected, rel=1e-12)


def test_the_kernel_distance_of_two_gaussians_on_a_line() -> None:
    # sum over j of C(3, j) (E x^j - E y^j)^2, as the kernel is sum of C(3, j) x^j y^j; moments of N(0, 1) and N(1, 1)
    mean, deviation = kernel_distance(standard(50_000, 1, 0), standard(50_000, 1, 1) + 1)
    assert mean == pytest.approx(3 * (1 - 0) ** 2 + 3 * (2 - 1) ** 2 + (4 - 0) ** 2, rel=0.05)
    assert 0 < deviation < 10


def test_the_kernel_distance_within_one_distribution_is_around_nothing() -> None:
    values = [kernel_distance(standard(60, 8, 2 * i), standard(40, 8, 2 * i + 1), 5) for i in range(200)]
    means = torch.tensor([mean for mean, _ in values])
    assert means.min() < 0 < means.max()
    assert abs(means.mean()) < 3 * means.std() / math.sqrt(len(means))


def test_the_kernel_distance_repeats() -> None:
    first, second = standard(300, 4, 0), standard(300, 4, 1)
    again = kernel_distance(first, second, subsets=3, size=100)
    assert kernel_distance(first, second, subsets=3, size=100) == again
    assert kernel_distance(first, second, subsets=3, size=100, seed=1) != again


def test_classifier_scores_of_known_readings() -> None:
    sure = 100 * torch.eye(10).repeat(7, 1)
    assert classifier_score(sure) == pytest.approx(10)
    assert classifier_score(sure[:1].repeat(5, 1)) == pytest.approx(1)  # one mode
    assert classifier_score(torch.zeros(20, 10)) == pytest.approx(1)  # nothing is read
    doubtful = torch.tensor([[0.9, 0.1], [0.1, 0.9]]).log()
    assert classifier_score(doubtful) == pytest.approx(2 * 0.9**0.9 * 0.1**0.1)
