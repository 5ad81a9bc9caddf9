"""A generator of two dense layers with BatchNorm between, and a discriminator of one hidden layer."""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig


def check(config: TrainConfig, images: ImageFormat) -> None:  # noqa: ARG001 - every family takes both
    """Raise ConfigError where the family cannot make such images."""
    if images.size % 4:
        raise ConfigError(f"The dense family makes images whose size is a multiple of 4, not {images.size}.")


def generator(config: TrainConfig, images: ImageFormat, inputs: int) -> nn.Sequential:
    """Linear to maps of size/4, LeakyReLU, BatchNorm over the maps -> pixels; tanh."""
    width, base = config.g_width, images.size // 4
    return nn.Sequential(
        nn.Linear(inputs, width * base**2),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (width, base, base)),
        nn.BatchNorm2d(width),
        nn.Flatten(),
        nn.Linear(width * base**2, images.channels * images.size**2),
        nn.Tanh(),
        nn.Unflatten(1, (images.channels, images.size, images.size)),
    )


def discriminator(config: TrainConfig, images: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Pixels -> one hidden layer; the score is linear in it."""
    hidden = nn.Linear(images.channels * images.size**2, config.d_width)
    return nn.Sequential(nn.Flatten(), hidden, nn.LeakyReLU(0.2)), nn.Linear(config.d_width, 1)
