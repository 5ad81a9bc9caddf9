"""The objectives: scores in, scalars out. Scores are logits, float32 [batch]; higher means "real"."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(name: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises, for its scores of real and generated images.

    non-saturating: binary cross-entropy on logits (Goodfellow et al. 2014).
    relativistic: a real image should score higher than the fake it is paired with (Jolicoeur-Martineau 2019).
    """
    if name == "relativistic":
        return F.softplus(fake - real).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(name: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises; `real` is used by the relativistic loss alone."""
    if name == "relativistic":
        return F.softplus(real - fake).mean()
    return F.softplus(-fake).mean()


def gradient_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Mean squared norm of the scores' gradient with respect to their images (Mescheder et al. 2018).

    scores: [batch]; images: [batch, channels, size, size], part of the scores' graph. On reals this is R1, on fakes
    R2; on a batch of as many reals as fakes it is (R1 + R2) / 2, because each score depends on its own
    image alone (which BatchNorm in the discriminator would break).
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()
