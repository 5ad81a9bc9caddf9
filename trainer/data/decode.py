"""Read a picture file as pixels: upright, square, grey or RGB, at the training size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from trainer.config import Crop, Invert

NOT_READ = frozenset({"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"})
"""Formats that Pillow only recognises, or that it passes to another program (Ghostscript)."""
GREY_NOISE = 4
"""How far the channels of a grey picture may differ, of 255: lossy WebP and JPEG do not keep them equal."""


@dataclass(frozen=True)
class Conversion:
    """How the user wants all pictures of a set to be converted."""

    size: int
    """Height and width in pixels; 0: the set's own."""
    crop: Crop = "square"
    invert: Invert = "false"


@dataclass(frozen=True)
class Look:
    """How all pictures of a set are converted to 8 bits."""

    ground: int = 0
    """Grey value behind transparent areas."""
    low: int = 0
    """Value of a 16-bit or 32-bit picture that becomes 0."""
    high: int = 65_535
    """Value of such a picture that becomes 255."""
    crop: Crop = "square"
    invert: bool = False


@cache
def formats() -> tuple[str, ...]:
    """Return the formats that are read: all that Pillow reads by itself."""
    Image.init()
    return tuple(name for name in Image.OPEN if name not in NOT_READ)


@cache
def suffixes() -> frozenset[str]:
    """Return the endings of picture files, in lower case."""
    read = {*formats(), "MPO"}  # MPO is a JPEG file with several pictures
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in read)


def common_size(path: Path) -> int:
    """Return the height of a small square picture; 0 if it is not square, larger than 128 pixels, or unreadable."""
    try:
        with Image.open(path, formats=formats()) as opened:
            width, height = opened.size
    except Exception:  # unreadable pictures are found, and named, when they are decoded
        return 0
    return height if height == width <= 128 else 0


def read_picture(path: Path, size: int, look: Look = Look()) -> npt.NDArray[np.uint8]:
    """Return pixels [1, size, size] if the picture is grey, else [3, size, size]; the first frame of an animation.

    Raises whatever Pillow raises for a damaged file.
    """
    with Image.open(path, formats=formats()) as opened:
        opened.draft(None, (2 * size, 2 * size))  # JPEG: decode at no more than twice the size
        pixels = scale(_plain(ImageOps.exif_transpose(opened), look), size, look.crop)
    if look.invert:
        pixels = 255 - pixels
    return grey(pixels) if int(np.ptp(pixels, axis=0).max()) <= GREY_NOISE else pixels


def grey(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the luminance of pixels [1 or 3, size, size]: [1, size, size]. Equal channels stay as they are."""
    if len(pixels) == 1:
        return pixels
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).convert("L"))[None]


def scale(picture: Image.Image, size: int, crop: Crop = "square") -> npt.NDArray[np.uint8]:
    """Return an L or RGB picture as a square, resized with antialiasing: [1 or 3, size, size].

    crop: "square" cuts out the middle, "pad" adds a border in the colour that the picture's own has most often, and
    "stretch" changes the proportions.
    """
    width, height = picture.size
    if crop == "pad" and width != height:
        side = max(width, height)
        padded = Image.new(picture.mode, (side, side), _border(picture))
        padded.paste(picture, ((side - width) // 2, (side - height) // 2))
        picture, width, height = padded, side, side
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (0, 0, width, height) if crop == "stretch" else (left, top, left + side, top + side)
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS, box))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _border(picture: Image.Image) -> int | tuple[int, ...]:
    """Return the median of the pixels along the edges, as Pillow takes a colour."""
    pixels = np.asarray(picture)
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    median = np.median(edges, axis=0).astype(int)
    return tuple(median.tolist()) if median.ndim else int(median)


def is_deep(picture: Image.Image) -> bool:
    """Whether the pixels are grey values of 16 or 32 bits, which Pillow would clip at 255."""
    return picture.mode.startswith("I")


def _plain(picture: Image.Image, look: Look) -> Image.Image:
    """Convert the picture to L or RGB."""
    if picture.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    if is_deep(picture):
        values = np.asarray(picture).astype(np.float64).clip(look.low, look.high) - look.low
        return Image.fromarray((values / ((look.high - look.low) / 255) + 0.5).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (look.ground, look.ground, look.ground, 255))
        return Image.alpha_composite(ground, picture).convert("RGB")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")
