"""Conversion between images in [-1, 1], as networks use them, and 8-bit pixels, as files store them."""

from __future__ import annotations

import torch
from torch import Tensor


def from_pixels(pixels: Tensor) -> Tensor:
    """Convert uint8 pixels of any shape to float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_pixels(images: Tensor) -> Tensor:
    """Convert images of any shape in [-1, 1] to uint8; values outside are clipped."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
