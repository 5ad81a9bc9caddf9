from __future__ import annotations

import pytest
import torch

from trainer.scoring.fidelity import frechet_distance


def gaussian(mean: torch.Tensor, root: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, len(mean), generator=generator, dtype=torch.double) @ root.T + mean


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
