"""A Gaussian filter, for scores and for exported files."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_SIGMA = 3.0
"""In pixels; the filter then extends twelve pixels to each side."""


def most_sigma(size: int) -> float:
    """Return the largest sigma, in pixels, whose filter fits into images of size x size."""
    return min(MOST_SIGMA, (size - 1) / 4)


class GaussianFilter(nn.Module):
    """A Gaussian filter of `sigma` pixels, truncated at four sigmas, with images mirrored at the edges.

    It equals scipy.ndimage.gaussian_filter(mode="mirror").
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.reach = int(4 * sigma + 0.5)
        places = torch.arange(-self.reach, self.reach + 1)
        self.weights: Tensor
        self.register_buffer("weights", (places.square() / (-2 * sigma**2)).softmax(dim=0))

    def forward(self, images: Tensor) -> Tensor:
        """Filter images, float [n, channels, height, width]; both sides must be longer than four sigmas."""
        channels = images.shape[1]
        padded = F.pad(images, (self.reach,) * 4, mode="reflect")
        rows = self.weights.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
        return F.conv2d(F.conv2d(padded, rows, groups=channels), rows.transpose(2, 3), groups=channels)
