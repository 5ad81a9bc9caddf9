"""Read a picture file as pixels: upright, square, grey or RGB, at the training size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


def read_picture(path: Path, size: int) -> npt.NDArray[np.uint8]:
    """Return pixels [1, size, size] if the picture is grey, else [3, size, size]; the first frame of an animation.

    Raises whatever Pillow raises for a damaged file.
    """
    with Image.open(path, formats=FORMATS) as opened:
        opened.draft(None, (2 * size, 2 * size))  # JPEG: decode at no more than twice the size
        pixels = scale(_plain(ImageOps.exif_transpose(opened)), size)
    return pixels[:1] if (pixels == pixels[:1]).all() else pixels


def scale(picture: Image.Image, size: int) -> npt.NDArray[np.uint8]:
    """Return the middle square of an L or RGB picture, resized with antialiasing: [1 or 3, size, size]."""
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS, box))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _plain(picture: Image.Image) -> Image.Image:
    """Convert the picture to L or RGB, with transparent areas on black."""
    if picture.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
        return Image.fromarray((np.asarray(picture).clip(0, 65_535) / 257 + 0.5).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")
