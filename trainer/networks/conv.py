"""A small convolutional family that learns in minutes; `trainer.networks.depth` says how deep it is.

Its discriminator has no normalisation, so that gradient penalties act on single images.
"""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.attention import SelfAttention
from trainer.networks.conditioning import FlattenChannelsLast, FullRange, UnflattenChannelsLast
from trainer.networks.depth import base_of, check_size, to_image, to_level, widths_of

ATTENTION_LEVEL = 1
"""The level with self-attention: maps of 12 to 16 pixels a side."""


def check(config: TrainConfig, image_format: ImageFormat) -> None:
    """Raise ConfigError if the family cannot make such images."""
    check_size("conv", image_format.size)
    if config.self_attention and len(widths_of(1, image_format.size)) <= ATTENTION_LEVEL:
        raise ConfigError(
            f"Self-attention needs images of 24 pixels or more, not {image_format.size}: use --self-attention false."
        )


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to the smallest maps, a transposed convolution for each doubling, and a clipped tanh."""
    base, widths = base_of(image_format.size), widths_of(config.g_width, image_format.size)
    layers: list[nn.Module] = [nn.Linear(inputs, widths[0] * base**2), UnflattenChannelsLast(widths[0], base)]
    for level, width in enumerate(widths):
        if level:
            layers.append(nn.ConvTranspose2d(widths[level - 1], width, 4, stride=2, padding=1))
        if level == ATTENTION_LEVEL and config.self_attention:
            layers.append(SelfAttention(width))
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
    last = to_image(widths[-1], image_format.channels, image_format.size)
    return nn.Sequential(*layers, last, FullRange())


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build a convolution for each halving, one more, and a linear layer; the score is linear in its features."""
    width, base, widths = config.d_width, base_of(image_format.size), widths_of(config.d_width, image_format.size)
    layers: list[nn.Module] = []
    for level in reversed(range(len(widths))):
        layers.append(to_level(level, widths, image_format.channels, image_format.size))
        layers.append(nn.LeakyReLU(0.2))
        if level == ATTENTION_LEVEL and config.self_attention:
            layers.append(SelfAttention(widths[level]))
    body = nn.Sequential(
        *layers,
        nn.Conv2d(2 * width, 4 * width, 3, padding=1),
        nn.LeakyReLU(0.2),
        FlattenChannelsLast(),
        nn.Linear(4 * width * base**2, 4 * width),
        nn.LeakyReLU(0.2),
    )
    return body, nn.Linear(4 * width, 1)
