"""The objectives: scores in, scalars out. Scores are logits, float32 [batch]; higher means "real"."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

LABELLED = ("non-saturating", "saturating", "least-squares")
"""The losses that compare scores with labels, so that these may be smoothed."""


def discriminator_loss(name: str, real: Tensor, fake: Tensor, real_label: Tensor, fake_label: Tensor) -> Tensor:
    """What the discriminator minimises, for its scores of real and generated images.

    real_label, fake_label: [batch] or scalars, 1 and 0 unless smoothed; used by the losses in LABELLED alone.

    non-saturating, saturating: binary cross-entropy on logits (Goodfellow et al. 2014).
    least-squares: squared distance of the scores to their labels (Mao et al. 2017, with a=0, b=c=1).
    hinge: reals should score above 1, fakes below -1 (Lim and Ye 2017).
    wasserstein: the difference of the mean scores (Arjovsky et al. 2017); needs a gradient penalty.
    relativistic: a real image should score higher than the fake it is paired with (Jolicoeur-Martineau 2019).
    """
    match name:
        case "non-saturating" | "saturating":
            # Cross-entropy of a label t is softplus(score) - t * score: no sigmoid, nothing to overflow.
            return (F.softplus(real) - real_label * real).mean() + (F.softplus(fake) - fake_label * fake).mean()
        case "least-squares":
            return ((real - real_label).square().mean() + (fake - fake_label).square().mean()) / 2
        case "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        case "wasserstein":
            return fake.mean() - real.mean()
        case _:
            return F.softplus(fake - real).mean()


def generator_loss(name: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises; `real` is used by the relativistic loss alone.

    saturating: minus the discriminator's loss on fakes (the minimax game of Goodfellow et al. 2014).
    """
    match name:
        case "non-saturating":
            return F.softplus(-fake).mean()
        case "saturating":
            return -F.softplus(fake).mean()
        case "least-squares":
            return (fake - 1).square().mean() / 2
        case "hinge" | "wasserstein":
            return -fake.mean()
        case _:
            return F.softplus(real - fake).mean()


def accuracies(name: str, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Share of reals scored as real, and of fakes as fake.

    The border is where the loss has it: 0 for logits, 1/2 between the labels of least squares; where only differences
    count (wasserstein, relativistic), half-way between the mean scores of both.
    """
    match name:
        case "least-squares":
            border: Tensor | float = 0.5
        case "wasserstein" | "relativistic":
            border = (real.mean() + fake.mean()) / 2
        case _:
            border = 0.0
    return (real > border).float().mean(), (fake < border).float().mean()


def zero_centred_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Mean squared norm of the scores' gradient with respect to their images (Mescheder et al. 2018).

    scores: [batch]; images: [batch, channels, size, size], part of the scores' graph. On reals this is R1, on fakes
    R2; on a batch of as many reals as fakes it is (R1 + R2) / 2, because each score depends on its own
    image alone (which BatchNorm in the discriminator would break).
    """
    mean: Tensor = _gradient(scores, images).square().sum(dim=(1, 2, 3)).mean()
    return mean


def interpolated_penalty(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """How far the gradient's norm is from 1 between reals and fakes (Gulrajani et al. 2017), squared, mean.

    score: images -> [batch]; real, fake: [batch, channels, size, size]; share: of the real in each mixture, [batch].
    """
    mixed = torch.lerp(fake, real, share.view(-1, 1, 1, 1)).requires_grad_()
    norms: Tensor = _gradient(score(mixed), mixed).flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def _gradient(scores: Tensor, images: Tensor) -> Tensor:
    gradient: Tensor = torch.autograd.grad(scores.sum(), images, create_graph=True)[0]
    return gradient
