"""How deep the networks of `conv` and `residual` are: one rule for both, by the size of the images.

The smallest maps have 6, 7 or 8 pixels a side, the base, and each level above has twice as many: 28 is 7 doubled twice,
and 64 is 8 doubled three times. Each level above the second has half the channels of the one below, so that all levels
cost about the same and parameters hardly grow with the size. A network is therefore the lower half of those for images
of twice its size. Images of more than 64 pixels have no maps of half their size, which would cost as much time as all
others together: the layer beside the image then quadruples.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from digitforge.errors import ConfigError

BASES = (6, 7, 8)
LARGEST = 512
LARGEST_DOUBLED = 64
"""Images of more pixels a side are made from maps of a quarter of their size, others from half of it."""
NARROWEST = 8
"""Channels that halving stops at."""

SIZES = sorted(base << doublings for base in BASES for doublings in range(1, 7) if base << doublings <= LARGEST)
"""All image sizes, in pixels: 12, 14, 16, 24, 28, 32, 48, ..."""


def check_size(family: str, size: int) -> None:
    """Raise ConfigError, which names the nearest sizes, if images cannot have this size."""
    if size in SIZES:
        return
    below, above = ([each for each in SIZES if sign * each > sign * size] for sign in (-1, 1))
    near = " or ".join(map(str, [*below[-1:], *above[:1]]))
    raise ConfigError(
        f"The {family} family makes images of 28, 32, 48, 64, 96 or 128 pixels a side (6, 7 or 8, doubled), not "
        f"{size}: use --image-size {near}."
    )


def base_of(size: int) -> int:
    """Return the side of the smallest maps, in pixels."""
    while size > max(BASES):
        size //= 2
    return size


def image_step(size: int) -> int:
    """Return by how much the largest maps are smaller than the image, 2 or 4."""
    return 4 if size > LARGEST_DOUBLED else 2


def widths_of(width: int, size: int) -> list[int]:
    """Return the channels of the maps at each level, from the smallest maps on.

    width: those at the second level; the first has twice as many, the others half as many as the one below.
    """
    levels = (size // image_step(size) // base_of(size)).bit_length()
    return [2 * width, *(max(width >> level, min(width, NARROWEST)) for level in range(levels - 1))]


class Quadrupling(nn.Conv2d):
    """A convolution to images of four times the size: it makes 4x4 pixels at each place of the maps.

    It makes what a transposed convolution with a kernel of 8x8 and a stride of 4 does, in a third of the time on a CPU.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__(width, channels * 4**2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [batch, width, height, map width] to [batch, channels, 4 * height, 4 * map width]."""
        return F.pixel_shuffle(super().forward(x), 4)


class Quartering(nn.Conv2d):
    """A convolution from images to maps of a quarter of their size, as with a kernel of 8x8 and a stride of 4."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels * 4**2, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [batch, channels, height, image width] to [batch, width, height / 4, image width / 4]."""
        return super().forward(F.pixel_unshuffle(x, 4))


def to_image(width: int, channels: int, size: int) -> nn.Module:
    """Return the generator's layer from its largest maps, of `width` channels, to the image."""
    if image_step(size) == 4:
        return Quadrupling(width, channels)
    return nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1)


def to_level(level: int, widths: list[int], channels: int, size: int) -> nn.Module:
    """Return the discriminator's layer to the maps of a level: from the image, or from the level above."""
    above = widths[level + 1] if level + 1 < len(widths) else channels
    if level + 1 == len(widths) and image_step(size) == 4:
        return Quartering(channels, widths[level])
    return nn.Conv2d(above, widths[level], 4, stride=2, padding=1)
