"""Upsampling and convolution in the generator, strided convolutions with dropout in the discriminator.

The published network is written in Keras, whose BatchNorm momentum m is torch's 1 - m, and whose epsilon is 1e-3.
"""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import FlattenChannelsLast, UnflattenChannelsLast
from trainer.networks.dropout import Dropout


def check(config: TrainConfig, image_format: ImageFormat) -> None:
    """Raise ConfigError if the family cannot make such images."""
    if image_format.size % 4:
        raise ConfigError(f"The upsample family makes images whose size is a multiple of 4, not {image_format.size}.")
    if config.g_width % 2:
        raise ConfigError(f"The upsample family halves g_width, so it must be even, not {config.g_width}.")


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to size/4 and ReLU; twice upsampling, convolution, BatchNorm and ReLU; convolution; tanh."""
    width, base = config.g_width, image_format.size // 4
    layers: list[nn.Module] = [nn.Linear(inputs, width * base**2), nn.ReLU(), UnflattenChannelsLast(width, base)]
    for before, after in ((width, width), (width, width // 2)):
        layers += [
            nn.Upsample(scale_factor=2),
            nn.Conv2d(before, after, 3, padding=1),
            nn.BatchNorm2d(after, eps=1e-3, momentum=1 - 0.78),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.Conv2d(width // 2, image_format.channels, 3, padding=1), nn.Tanh())


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build four 3x3 convolutions, three with stride 2; LeakyReLU and dropout after each; the score is linear."""
    width = config.d_width

    def dropout() -> list[nn.Module]:
        return [Dropout(config.dropout)] if config.dropout else []

    def norm(channels: int) -> nn.Module:
        return nn.BatchNorm2d(channels, eps=1e-3, momentum=1 - 0.8)

    quarter = image_format.size // 4
    padding = quarter % 2  # 7x7 is padded to 8x8 before it is halved
    side = (quarter + padding) // 2
    body = nn.Sequential(
        nn.Conv2d(image_format.channels, width, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        *dropout(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nn.ZeroPad2d((0, padding, 0, padding)),
        norm(2 * width),
        nn.LeakyReLU(0.2),
        *dropout(),
        nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),
        norm(4 * width),
        nn.LeakyReLU(0.25),
        *dropout(),
        nn.Conv2d(4 * width, 8 * width, 3, padding=1),
        norm(8 * width),
        nn.LeakyReLU(0.25),
        *dropout(),
        FlattenChannelsLast(),
    )
    return body, nn.Linear(8 * width * side**2, 1)
