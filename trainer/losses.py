"""The adversarial losses, one row each in `LOSSES`, and the gradient penalties.

Scores are logits, float32 [batch]; higher means "real". Losses are scalars. In the formulas below, r and f are the
scores of reals and fakes, t_r and t_f their labels (1 and 0 unless smoothed), and E is the mean over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.config import TABLES


@dataclass(frozen=True)
class Loss:
    """A row of `LOSSES`: both objectives, and what else depends on the choice of loss."""

    discriminator: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
    """Map r, f [batch] and t_r, t_f ([batch] or scalars) to what the discriminator minimises."""
    generator: Callable[[Tensor, Tensor], Tensor]
    """Map r, f [batch] to what the generator minimises."""
    border: float | None
    """Scores above it count as "real" in the reported accuracies.

    None where only differences of scores count: the border is then halfway between the mean scores of reals and fakes.
    """
    has_labels: bool = False
    """Whether the discriminator's objective uses t_r and t_f, so that they can be smoothed."""
    generator_needs_reals: bool = False
    """Whether the generator's objective uses r. If not, the step does not compute it and passes f in its place."""
    sign_means_real: bool = False
    """Whether a positive score means "real", which adaptive augmentation relies on."""
    needs_bounded_slope: bool = False
    """Whether training needs a gradient penalty or spectral norm."""

    def accuracies(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the share of reals scored as real and the share of fakes scored as fake."""
        border = (real.mean() + fake.mean()) / 2 if self.border is None else self.border
        return (real > border).float().mean(), (fake < border).float().mean()


def _cross_entropy(real: Tensor, fake: Tensor, real_label: Tensor, fake_label: Tensor) -> Tensor:
    """E[softplus(r) - t_r r] + E[softplus(f) - t_f f], the binary cross-entropy of logits (Goodfellow et al. 2014).

    It equals -E[log sigmoid(r)] - E[log(1 - sigmoid(f))] for labels 1 and 0, but cannot overflow.
    """
    return (F.softplus(real) - real_label * real).mean() + (F.softplus(fake) - fake_label * fake).mean()


def _non_saturating_generator(_: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(-f)] = -E[log sigmoid(f)] (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def _saturating_generator(_: Tensor, fake: Tensor) -> Tensor:
    """-E[softplus(f)] = E[log(1 - sigmoid(f))], the minimax game (Goodfellow et al. 2014, equation 1)."""
    return -F.softplus(fake).mean()


def _least_squares(real: Tensor, fake: Tensor, real_label: Tensor, fake_label: Tensor) -> Tensor:
    """(E[(r - t_r)^2] + E[(f - t_f)^2]) / 2 (Mao et al. 2017, equation 2 with a = 0, b = 1)."""
    return ((real - real_label).square().mean() + (fake - fake_label).square().mean()) / 2


def _least_squares_generator(_: Tensor, fake: Tensor) -> Tensor:
    """E[(f - 1)^2] / 2 (Mao et al. 2017, equation 2 with c = 1)."""
    return (fake - 1).square().mean() / 2


def _hinge(real: Tensor, fake: Tensor, _real_label: Tensor, _fake_label: Tensor) -> Tensor:
    """E[max(0, 1 - r)] + E[max(0, 1 + f)] (Lim and Ye 2017)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _wasserstein(real: Tensor, fake: Tensor, _real_label: Tensor, _fake_label: Tensor) -> Tensor:
    """E[f] - E[r] (Arjovsky et al. 2017)."""
    return fake.mean() - real.mean()


def _negated_score(_: Tensor, fake: Tensor) -> Tensor:
    """-E[f], the generator's side of both the hinge and the Wasserstein loss."""
    return -fake.mean()


def _relativistic(real: Tensor, fake: Tensor, _real_label: Tensor, _fake_label: Tensor) -> Tensor:
    """E[softplus(f - r)]: each real should score higher than the fake beside it (Jolicoeur-Martineau 2019)."""
    return F.softplus(fake - real).mean()


def _relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(r - f)] (Jolicoeur-Martineau 2019)."""
    return F.softplus(real - fake).mean()


LOSSES: dict[str, Loss] = {
    "non-saturating": Loss(
        _cross_entropy, _non_saturating_generator, border=0.0, has_labels=True, sign_means_real=True
    ),
    "saturating": Loss(_cross_entropy, _saturating_generator, border=0.0, has_labels=True, sign_means_real=True),
    "least-squares": Loss(_least_squares, _least_squares_generator, border=0.5, has_labels=True),
    "hinge": Loss(_hinge, _negated_score, border=0.0, sign_means_real=True),
    "wasserstein": Loss(_wasserstein, _negated_score, border=None, needs_bounded_slope=True),
    "relativistic": Loss(_relativistic, _relativistic_generator, border=None, generator_needs_reals=True),
}
"""The losses by name: the choices of `--loss`."""
TABLES["loss"] = LOSSES


def zero_centred_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Return E[|grad score|^2], the gradient taken with respect to the images (Mescheder et al. 2018).

    scores: [batch]; images: [batch, channels, size, size], in the graph of the scores. On reals this is R1, on fakes
    R2. On as many reals as fakes it is (R1 + R2) / 2, provided that each score depends only on its own image, which
    does not hold with BatchNorm in the discriminator.
    """
    mean: Tensor = _gradient(scores, images).square().sum(dim=(1, 2, 3)).mean()
    return mean


def interpolated_penalty(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Return E[(|grad score(x)| - 1)^2] at x = share real + (1 - share) fake (Gulrajani et al. 2017, equation 3).

    score: maps images to scores [batch]; real, fake: [batch, channels, size, size]; share: [batch], in [0, 1].
    """
    mixed = torch.lerp(fake, real, share.view(-1, 1, 1, 1)).requires_grad_()
    norms: Tensor = _gradient(score(mixed), mixed).flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def _gradient(scores: Tensor, images: Tensor) -> Tensor:
    gradient: Tensor = torch.autograd.grad(scores.sum(), images, create_graph=True)[0]
    return gradient
