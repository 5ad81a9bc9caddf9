"""Residual blocks without normalisation in both networks, after R3GAN (Huang et al. 2024, section 4).

The last convolution of each block starts at zero, so that the block starts as the identity (Zhang et al. 2019,
"Fixup"). No blocks work at full size, where a CPU would spend most of its time on little more than edges.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import FlattenChannelsLast, FullRange, UnflattenChannelsLast
from trainer.networks.depth import base_of, check_size, to_image, to_level, widths_of


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
    check_size("residual", image_format.size)


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build a linear layer to the smallest maps; blocks and a transposed convolution at each level; a clipped tanh."""
    base, widths = base_of(image_format.size), widths_of(config.g_width, image_format.size)
    layers: list[nn.Module] = [nn.Linear(inputs, widths[0] * base**2), UnflattenChannelsLast(widths[0], base)]
    for level, width in enumerate(widths):
        if level:
            layers.append(nn.ConvTranspose2d(widths[level - 1], width, 4, stride=2, padding=1))
        layers += [*(Residual(width) for _ in range(config.blocks)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, to_image(widths[-1], image_format.channels, image_format.size), FullRange())


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build a convolution and blocks for each halving, and a linear layer to features."""
    width, base, widths = config.d_width, base_of(image_format.size), widths_of(config.d_width, image_format.size)
    layers: list[nn.Module] = []
    for level in reversed(range(len(widths))):
        layers.append(to_level(level, widths, image_format.channels, image_format.size))
        layers += [*(Residual(widths[level]) for _ in range(config.blocks)), nn.LeakyReLU(0.2)]
    body = nn.Sequential(*layers, FlattenChannelsLast(), nn.Linear(2 * width * base**2, 4 * width), nn.LeakyReLU(0.2))
    return body, nn.Linear(4 * width, 1)
