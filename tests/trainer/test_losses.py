from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from trainer.losses import LOSSES, interpolated_penalty, zero_centred_penalty

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
ONE, ZERO = torch.tensor(1.0), torch.tensor(0.0)


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


D_BY_HAND = {
    "non-saturating": (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(3)) / 2,
    "saturating": (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(3)) / 2,
    "least-squares": ((1 + 4) / 2 + (0.25 + 9) / 2) / 2,
    "hinge": (0 + 2) / 2 + (1.5 + 4) / 2,
    "wasserstein": 1.75 - 0.5,
    "relativistic": (softplus(0.5 - 2) + softplus(3 + 1)) / 2,
}
G_BY_HAND = {
    "non-saturating": (softplus(-0.5) + softplus(-3)) / 2,
    "saturating": -(softplus(0.5) + softplus(3)) / 2,
    "least-squares": (0.25 + 4) / 4,
    "hinge": -1.75,
    "wasserstein": -1.75,
    "relativistic": (softplus(2 - 0.5) + softplus(-1 - 3)) / 2,
}


def test_every_loss_is_computed_by_hand_here() -> None:
    assert set(LOSSES) == set(D_BY_HAND) == set(G_BY_HAND)


@pytest.mark.parametrize("name", D_BY_HAND)
def test_losses_are_those_of_their_papers(name: str) -> None:
    assert LOSSES[name].discriminator(REAL, FAKE, ONE, ZERO).item() == pytest.approx(D_BY_HAND[name], rel=1e-6)
    assert LOSSES[name].generator(REAL, FAKE).item() == pytest.approx(G_BY_HAND[name], rel=1e-6)


@pytest.mark.parametrize("name", D_BY_HAND)
def test_gradients_match_finite_differences(name: str) -> None:
    real, fake = (scores.double().requires_grad_() for scores in (REAL, FAKE))
    label = torch.tensor([0.97, 0.99], dtype=torch.double)
    assert torch.autograd.gradcheck(lambda r, f: LOSSES[name].discriminator(r, f, label, 1 - label), (real, fake))
    assert torch.autograd.gradcheck(lambda f: LOSSES[name].generator(REAL.double(), f), (fake,))


@pytest.mark.parametrize("name", D_BY_HAND)
def test_both_players_pull_fakes_in_opposite_directions(name: str) -> None:
    below_the_border = (LOSSES[name].border or 0.0) - torch.tensor([0.3, 0.4])
    real, fake = REAL.clone(), below_the_border.requires_grad_()
    (by_d,) = torch.autograd.grad(LOSSES[name].discriminator(real, fake, ONE, ZERO), fake)
    (by_g,) = torch.autograd.grad(LOSSES[name].generator(real, fake), fake)
    assert (by_g < 0).all(), "the generator raises its scores"
    assert (by_d > 0).all(), "the discriminator lowers them"


def test_cross_entropy_with_soft_labels_is_torchs() -> None:
    real_label, fake_label = torch.tensor([0.95, 0.99]), torch.tensor([0.01, 0.04])
    entropy = nn.functional.binary_cross_entropy
    expected = entropy(REAL.sigmoid(), real_label) + entropy(FAKE.sigmoid(), fake_label)
    for name in ("non-saturating", "saturating"):
        assert LOSSES[name].discriminator(REAL, FAKE, real_label, fake_label).item() == pytest.approx(
            expected.item(), rel=1e-5
        )


def test_relativistic_counts_only_differences() -> None:
    assert LOSSES["relativistic"].generator(REAL, FAKE) == LOSSES["relativistic"].discriminator(FAKE, REAL, ONE, ZERO)
    shifted = LOSSES["relativistic"].discriminator(REAL + 5, FAKE + 5, ONE, ZERO)
    assert shifted.item() == pytest.approx(LOSSES["relativistic"].discriminator(REAL, FAKE, ONE, ZERO).item())


def test_huge_scores_stay_finite() -> None:
    for name in D_BY_HAND:
        assert LOSSES[name].discriminator(-1e4 * ONE, 1e4 * ONE, ONE, ZERO).isfinite()
        assert LOSSES[name].generator(1e4 * ONE, -1e4 * ONE).isfinite()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("non-saturating", (0.5, 0.0)), ("least-squares", (0.5, 0.0)), ("wasserstein", (0.5, 0.5))],
)
def test_accuracies_have_the_border_of_the_loss(name: str, expected: tuple[float, float]) -> None:
    real, fake = LOSSES[name].accuracies(REAL, FAKE + 0.5)  # [2, -1] and [1, 3.5]; the middle of the means is 1.375
    assert (real.item(), fake.item()) == expected


def test_penalty_of_a_linear_score_is_the_squared_norm_of_its_weights() -> None:
    weights = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    images = torch.randn(3, 1, 4, 4).requires_grad_()
    penalty = zero_centred_penalty((images * weights).sum(dim=(1, 2, 3)), images)
    assert penalty.item() == pytest.approx(weights.square().sum().item(), rel=1e-6)
    penalty.backward()  # the second derivative: 2w
    assert weights.grad is not None
    torch.testing.assert_close(weights.grad, 2 * weights.detach())


def small_score() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()


def squared_norms(score: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return the squared norms of the gradients of the scores by finite differences, [batch]."""
    total = torch.zeros(len(images), dtype=torch.double)
    with torch.no_grad():
        for pixel in range(9):
            nudge = torch.zeros(9, dtype=torch.double)
            nudge[pixel] = 1e-5
            nudge = nudge.view(1, 3, 3)
            total += ((score(images + nudge) - score(images - nudge)) / 2e-5) ** 2
    return total


def test_r1_and_r2_match_finite_differences() -> None:
    score = small_score()
    both = torch.randn(4, 1, 3, 3, dtype=torch.double).requires_grad_()
    expected = squared_norms(score, both.detach())
    scores = score(both)
    assert zero_centred_penalty(scores, both).item() == pytest.approx(expected.mean().item(), rel=1e-5)
    r1 = zero_centred_penalty(scores[:2], both)  # half of it, as the mean is over both halves
    assert 2 * r1.item() == pytest.approx(expected[:2].mean().item(), rel=1e-5)


def test_interpolated_penalty_matches_finite_differences() -> None:
    score = small_score()
    real, fake = torch.randn(2, 4, 1, 3, 3, dtype=torch.double)
    share = torch.tensor([0.0, 0.25, 0.5, 1.0], dtype=torch.double)
    mixed = share.view(-1, 1, 1, 1) * real + (1 - share.view(-1, 1, 1, 1)) * fake
    expected = (squared_norms(score, mixed).sqrt() - 1).square().mean()
    penalty = interpolated_penalty(score, real, fake, share)
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)
    penalty.backward()
    weights = [weight for weight in score.parameters() if weight.grad is not None]
    assert len(weights) == 3, "all but the last bias, which moves no gradient"
