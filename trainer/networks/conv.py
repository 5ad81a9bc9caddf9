"""A small convolutional family that learns in minutes.

Its discriminator has no normalisation, so that gradient penalties act on single images.
"""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.attention import SelfAttention
from trainer.networks.conditioning import FlattenChannelsLast, FullRange, UnflattenChannelsLast


def check(config: TrainConfig, image_format: ImageFormat) -> None:  # noqa: ARG001 - all families take both
    """Raise ConfigError if the family cannot make such images."""
    if image_format.size % 4:
        raise ConfigError(f"The conv family makes images whose size is a multiple of 4, not {image_format.size}.")


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to maps of size/4, two transposed convolutions, and a clipped tanh."""
    width, base = config.g_width, image_format.size // 4
    return nn.Sequential(
        nn.Linear(inputs, 2 * width * base**2),
        UnflattenChannelsLast(2 * width, base),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
        *([SelfAttention(width)] if config.self_attention else []),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, image_format.channels, 4, stride=2, padding=1),
        FullRange(),
    )


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build three convolutions and a linear layer; the score is linear in its features."""
    width = config.d_width
    body = nn.Sequential(
        nn.Conv2d(image_format.channels, width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        *([SelfAttention(width)] if config.self_attention else []),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 3, padding=1),
        nn.LeakyReLU(0.2),
        FlattenChannelsLast(),
        nn.Linear(4 * width * (image_format.size // 4) ** 2, 4 * width),
        nn.LeakyReLU(0.2),
    )
    return body, nn.Linear(4 * width, 1)
