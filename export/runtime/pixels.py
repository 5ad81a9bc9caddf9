"""Images as networks and as screens have them."""

from __future__ import annotations

import numpy as np

from export.runtime.arrays import Float32, UInt8


def from_pixels(pixels: UInt8) -> Float32:
    """Return pixels, uint8 of any shape, in [-1, 1]."""
    return pixels.astype(np.float32) / np.float32(127.5) - 1


def to_pixels(images: Float32) -> UInt8:
    """Return images [n, C, H, W] in [-1, 1] for display, uint8 [n, H, W] (grey) or [n, H, W, 3]."""
    levels = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
    return levels[:, 0] if images.shape[1] == 1 else np.ascontiguousarray(levels.transpose(0, 2, 3, 1))
