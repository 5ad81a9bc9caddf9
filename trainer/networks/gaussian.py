"""The Gaussian filter over images, for scores and exported files alike."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_SIGMA = 3.0
"""Pixels; its filter reaches over twelve pixels to either side."""


def most_sigma(size: int) -> float:
    """The largest sigma for images of size x size, pixels: the filter must fit into the image."""
    return min(MOST_SIGMA, (size - 1) / 4)


class GaussianFilter(nn.Module):
    """A Gaussian filter of `sigma` pixels, cut off at four sigmas, mirrored at the edges.

    As scipy.ndimage.gaussian_filter(mode="mirror"). images: float [n, channels, height, width], both sides longer than
    the four sigmas -> the same.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.reach = int(4 * sigma + 0.5)
        places = torch.arange(-self.reach, self.reach + 1)
        self.weights: Tensor
        self.register_buffer("weights", (places.square() / (-2 * sigma**2)).softmax(dim=0))

    def forward(self, images: Tensor) -> Tensor:
        """Rows first, then columns."""
        channels = images.shape[1]
        padded = F.pad(images, (self.reach,) * 4, mode="reflect")
        rows = self.weights.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
        return F.conv2d(F.conv2d(padded, rows, groups=channels), rows.transpose(2, 3), groups=channels)
