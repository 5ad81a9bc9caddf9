"""A generator with two dense layers and BatchNorm between them, and a discriminator with one hidden layer."""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig


def check(config: TrainConfig, image_format: ImageFormat) -> None:  # noqa: ARG001 - all families take both
    """Raise ConfigError if the family cannot make such images."""
    if image_format.size % 4:
        raise ConfigError(f"The dense family makes images whose size is a multiple of 4, not {image_format.size}.")


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to maps of size/4, LeakyReLU, BatchNorm over the maps, a linear layer, and tanh."""
    width, base = config.g_width, image_format.size // 4
    return nn.Sequential(
        nn.Linear(inputs, width * base**2),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (width, base, base)),
        nn.BatchNorm2d(width),
        nn.Flatten(),
        nn.Linear(width * base**2, image_format.channels * image_format.size**2),
        nn.Tanh(),
        nn.Unflatten(1, (image_format.channels, image_format.size, image_format.size)),
    )


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build one hidden layer; the score is linear in it."""
    hidden = nn.Linear(image_format.channels * image_format.size**2, config.d_width)
    return nn.Sequential(nn.Flatten(), hidden, nn.LeakyReLU(0.2)), nn.Linear(config.d_width, 1)
