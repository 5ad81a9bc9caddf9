"""Keep the first layers of a discriminator as they are while the others learn (FreezeD, Mo et al. 2020)."""

from __future__ import annotations

from digitforge.errors import ConfigError
from trainer.networks.conditioning import Discriminator


def freeze(discriminator: Discriminator, layers: int) -> None:
    """Keep the first layers of the discriminator as they are.

    Raises ConfigError if it has no more layers than that.
    """
    trainable = [layer for layer in discriminator.body if next(layer.parameters(), None) is not None]
    if layers >= len(trainable):
        raise ConfigError(f"freeze_d is {layers}, but the discriminator has {len(trainable)} layers: choose fewer.")
    for layer in trainable[:layers]:
        layer.requires_grad_(False)
