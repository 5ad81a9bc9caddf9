"""The published MNIST DCGAN, to its table row: no biases, BatchNorm between, LeakyReLU 0.2, 28x28 only.

The discriminator ends in a logit: the sigmoid belongs to the loss, where it is numerically safe.
"""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import FlattenChannelsLast, UnflattenChannelsLast


def check(config: TrainConfig, images: ImageFormat) -> None:  # noqa: ARG001 - every family takes both
    """Raise ConfigError where the family cannot make such images."""
    if images.size != 28:
        raise ConfigError(
            f"The dcgan family makes 28x28 images, not {images.size}x{images.size}: "
            "use --image-size 28, or --network conv."
        )


def generator(config: TrainConfig, images: ImageFormat, inputs: int) -> nn.Sequential:
    """convT 4x4 (1 -> 4), 3x3 s2 (-> 7), 4x4 s2 (-> 14), 4x4 s2 (-> 28); tanh.

    The first is written as what it is on a single pixel, a linear layer, which a CPU computes several times faster.
    """
    width = config.g_width
    layers = nn.Sequential(
        nn.Linear(inputs, 4 * width * 4**2, bias=False),
        UnflattenChannelsLast(4 * width, 4),
        nn.BatchNorm2d(4 * width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, images.channels, 4, stride=2, padding=1, bias=False),
        nn.Tanh(),
    )
    return layers.apply(_initialise)


def discriminator(config: TrainConfig, images: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """conv 4x4 s2 (28 -> 14), 4x4 s2 (-> 7), 3x3 s2 (-> 4); the last 4x4 convolution is the linear score."""
    width = config.d_width
    body = nn.Sequential(
        nn.Conv2d(images.channels, width, 4, stride=2, padding=1, bias=False),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(4 * width),
        nn.LeakyReLU(0.2),
        FlattenChannelsLast(),
    )
    score = nn.Linear(4 * width * 4**2, 1, bias=False)
    _initialise(score)
    return body.apply(_initialise), score


def _initialise(module: nn.Module) -> None:
    """Weights of N(0, 0.02), BatchNorm scales of N(1, 0.02) (Radford et al. 2015, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
