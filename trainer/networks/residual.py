"""Residual blocks without normalisation in both networks, after R3GAN (Huang et al. 2024, section 4).

Each block ends in a convolution of zeros, so that it starts as what passes by it (Zhang et al. 2019, "Fixup"). Most
blocks lie where maps are small: at full size a CPU would spend its time on little more than edges.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import FlattenChannelsLast, FullRange, UnflattenChannelsLast


class Residual(nn.Module):
    """x + convolution(LeakyReLU(convolution(LeakyReLU(x)))), both 3x3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, width, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, 0.2)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """x: [batch, width, height, width of the map] -> the same shape."""
        inner = self.first(F.leaky_relu(x, 0.2))
        result: Tensor = x + self.last(F.leaky_relu(inner, 0.2))
        return result


def check(config: TrainConfig, images: ImageFormat) -> None:  # noqa: ARG001 - every family takes both
    """Raise ConfigError where the family cannot make such images."""
    if images.size % 4:
        raise ConfigError(f"The residual family makes images whose size is a multiple of 4, not {images.size}.")


def generator(config: TrainConfig, images: ImageFormat, inputs: int) -> nn.Sequential:
    """Linear to size/4 -> blocks -> transposed convolution -> blocks -> transposed convolution -> tanh, cut off."""
    width, base = config.g_width, images.size // 4
    return nn.Sequential(
        nn.Linear(inputs, 2 * width * base**2),
        UnflattenChannelsLast(2 * width, base),
        *(Residual(2 * width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
        *(Residual(width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, images.channels, 4, stride=2, padding=1),
        FullRange(),
    )


def discriminator(config: TrainConfig, images: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Convolution to size/2 -> blocks -> convolution to size/4 -> blocks -> two linear layers."""
    width = config.d_width
    body = nn.Sequential(
        nn.Conv2d(images.channels, width, 4, stride=2, padding=1),
        *(Residual(width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        *(Residual(2 * width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        FlattenChannelsLast(),
        nn.Linear(2 * width * (images.size // 4) ** 2, 4 * width),
        nn.LeakyReLU(0.2),
    )
    return body, nn.Linear(4 * width, 1)
