"""A published MNIST DCGAN, as its table of layers has it: no biases, BatchNorm, LeakyReLU 0.2, 28x28 only.

The discriminator ends in a logit. The sigmoid is part of the loss, where it is numerically safe.
"""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import FlattenChannelsLast, UnflattenChannelsLast


def check(config: TrainConfig, image_format: ImageFormat) -> None:  # noqa: ARG001 - all families take both
    """Raise ConfigError if the family cannot make such images."""
    if image_format.size != 28:
        raise ConfigError(
            f"The dcgan family makes 28x28 images, not {image_format.size}x{image_format.size}: "
            "use --image-size 28, or --network conv."
        )


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build transposed convolutions 4x4 (1 -> 4), 3x3 s2 (-> 7), 4x4 s2 (-> 14), 4x4 s2 (-> 28), and tanh.

    The first acts on a single pixel, so it is written as a linear layer, which a CPU computes several times faster.
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
        nn.ConvTranspose2d(width, image_format.channels, 4, stride=2, padding=1, bias=False),
        nn.Tanh(),
    )
    return layers.apply(_initialise)


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build convolutions 4x4 s2 (28 -> 14), 4x4 s2 (-> 7), 3x3 s2 (-> 4); the last, 4x4, is the linear score."""
    width = config.d_width
    body = nn.Sequential(
        nn.Conv2d(image_format.channels, width, 4, stride=2, padding=1, bias=False),
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
    """Draw weights from N(0, 0.02) and BatchNorm scales from N(1, 0.02) (Radford et al. 2015, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
