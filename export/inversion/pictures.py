"""Read a picture that somebody brings: upright, grey, on white, in a size that can be searched."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from digitforge.errors import PictureError, explain_read
from export.runtime.arrays import Float32

LONGEST_SIDE = 1600
"""Pixels. Larger pictures are reduced to it."""
SMALLEST_SIDE = 8
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
"""Endings of files that may hold a picture."""
SEVERAL_VIEWS = "MPO"
"""Pillow's name for a JPEG file with other views of the photograph, as some phones write it."""


def read_picture(source: Path | bytes) -> Float32:
    """Return a picture from a file, or from the content of one: grey, float32 [h, w], 0 (black) to 1 (white).

    A photograph is turned as its EXIF says. Transparent pixels are white, or black under light ink.
    Raises PictureError if there is no picture, or it is damaged, animated or too large.
    """
    name = source.name if isinstance(source, Path) else "The picture"
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise PictureError(f"{name} cannot be read: {explain_read(error)}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            animated = getattr(image, "is_animated", False) and image.format != SEVERAL_VIEWS
            if not animated and min(image.size) >= SMALLEST_SIDE:
                return _grey(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise PictureError(f"{name} has more than {limit} million pixels: reduce it first.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} is not a picture in a format that is read: {', '.join(FORMATS)}.") from error
    except Exception as error:  # Pillow's decoders raise almost anything for a damaged file
        raise PictureError(f"{name} is damaged: it cannot be decoded.") from error
    if animated:
        raise PictureError(f"{name} is animated: save one of its pictures as a file.")
    raise PictureError(f"{name} is too small: it must be at least {SMALLEST_SIDE} pixels wide and high.")


def _grey(image: Image.Image) -> Float32:
    """Decode a picture and return it as `read_picture` does."""
    image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG file is decoded at half or a quarter of its size
    image.load()
    with suppress(Exception):  # damaged EXIF; the picture stays as it is
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits: the brightest pixel is white
        deep = np.nan_to_num(np.asarray(image, np.float32))
        image = Image.fromarray(((deep - deep.min()) / max(float(np.ptp(deep)), 1e-9) * 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("LA")
        grey, alpha = (np.asarray(band, np.float32) / 255 for band in image.split())
        light_ink = float((grey * alpha).sum()) > 0.5 * float(alpha.sum())
        paper = 0.0 if light_ink and alpha.min() < 0.5 else 1.0
        image = Image.fromarray(((grey * alpha + paper * (1 - alpha)) * 255).astype(np.uint8))
    image = image.convert("L")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / np.float32(255)
