"""Between images as networks have them, in [-1, 1], and pixels as files have them, 0 to 255."""

from __future__ import annotations

import torch
from torch import Tensor


def from_pixels(pixels: Tensor) -> Tensor:
    """Pixels uint8 of any shape as float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_pixels(images: Tensor) -> Tensor:
    """Images of any shape in [-1, 1] as uint8; values outside are clipped."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
