"""Residual blocks without normalisation in both networks, after R3GAN (Huang et al. 2024, section 4).

The last convolution of each block starts at zero, so that the block starts as the identity (Zhang et al. 2019,
"Fixup"). No blocks work at full size, where a CPU would spend most of its time on little more than edges.
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
        """Map x [batch, width, height, map width] to the same shape."""
        inner = self.first(F.leaky_relu(x, 0.2))
        result: Tensor = x + self.last(F.leaky_relu(inner, 0.2))
        return result


def check(config: TrainConfig, image_format: ImageFormat) -> None:  # noqa: ARG001 - all families take both
    """Raise ConfigError if the family cannot make such images."""
    if image_format.size % 4:
        raise ConfigError(f"The residual family makes images whose size is a multiple of 4, not {image_format.size}.")


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to size/4, then blocks and a transposed convolution, twice, and a clipped tanh."""
    width, base = config.g_width, image_format.size // 4
    return nn.Sequential(
        nn.Linear(inputs, 2 * width * base**2),
        UnflattenChannelsLast(2 * width, base),
        *(Residual(2 * width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
        *(Residual(width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, image_format.channels, 4, stride=2, padding=1),
        FullRange(),
    )


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build a convolution to size/2, blocks, a convolution to size/4, blocks, and a linear layer to features."""
    width = config.d_width
    body = nn.Sequential(
        nn.Conv2d(image_format.channels, width, 4, stride=2, padding=1),
        *(Residual(width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        *(Residual(2 * width) for _ in range(config.blocks)),
        nn.LeakyReLU(0.2),
        FlattenChannelsLast(),
        nn.Linear(2 * width * (image_format.size // 4) ** 2, 4 * width),
        nn.LeakyReLU(0.2),
    )
    return body, nn.Linear(4 * width, 1)
