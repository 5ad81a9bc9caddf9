from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from trainer.losses import discriminator_loss, generator_loss, gradient_penalty

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def test_non_saturating_is_cross_entropy_on_logits() -> None:
    by_hand = (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(3)) / 2
    assert discriminator_loss("non-saturating", REAL, FAKE).item() == pytest.approx(by_hand, rel=1e-6)
    entropy = nn.functional.binary_cross_entropy
    same = entropy(REAL.sigmoid(), torch.ones(2)) + entropy(FAKE.sigmoid(), torch.zeros(2))
    assert same.item() == pytest.approx(by_hand, rel=1e-5)
    assert generator_loss("non-saturating", REAL, FAKE).item() == pytest.approx((softplus(-0.5) + softplus(-3)) / 2)


def test_relativistic_compares_pairs_and_is_antisymmetric() -> None:
    assert discriminator_loss("relativistic", REAL, FAKE).item() == pytest.approx((softplus(-1.5) + softplus(4)) / 2)
    assert generator_loss("relativistic", REAL, FAKE) == discriminator_loss("relativistic", FAKE, REAL)
    shifted = discriminator_loss("relativistic", REAL + 5, FAKE + 5)
    assert shifted.item() == pytest.approx(discriminator_loss("relativistic", REAL, FAKE).item())


def test_penalty_of_a_linear_score_is_the_squared_norm_of_its_weights() -> None:
    weights = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    images = torch.randn(3, 1, 4, 4).requires_grad_()
    penalty = gradient_penalty((images * weights).sum(dim=(1, 2, 3)), images)
    assert penalty.item() == pytest.approx(weights.square().sum().item(), rel=1e-6)
    penalty.backward()  # the second derivative: 2w
    assert weights.grad is not None
    torch.testing.assert_close(weights.grad, 2 * weights.detach())


def test_penalty_matches_finite_differences_and_averages_reals_and_fakes() -> None:
    torch.manual_seed(0)
    score = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    both = torch.randn(4, 1, 3, 3, dtype=torch.double).requires_grad_()
    by_differences = torch.zeros(4, dtype=torch.double)
    with torch.no_grad():
        for pixel in range(9):
            nudge = torch.zeros(9, dtype=torch.double)
            nudge[pixel] = 1e-5
            nudge = nudge.view(1, 3, 3)
            by_differences += ((score(both + nudge) - score(both - nudge)) / 2e-5) ** 2
    r1, r2 = by_differences[:2].mean(), by_differences[2:].mean()
    assert gradient_penalty(score(both), both).item() == pytest.approx(((r1 + r2) / 2).item(), rel=1e-5)
