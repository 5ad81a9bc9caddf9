"""The formats of exported pictures and animations, in one table.

A new format needs an encoder in `encoders.py`, a function in `metadata.py` that finds its recipe, and a row in FORMATS.
The export dialog, the recipe reader and the window's drop target read this table; nothing else has to change.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import IO, BinaryIO

from digitforge.errors import NoRecipe, RecipeError, explain_read
from export.inversion import pictures
from viewer.core.files.encoders import EncoderOptions, write_apng, write_gif, write_mp4, write_png, write_webp
from viewer.core.files.metadata import find_in_gif, find_in_mp4, find_in_png, find_in_svg, find_in_webp
from viewer.core.files.recipe import MOST_BYTES, Recipe, from_text
from viewer.core.files.svg import write_svg
from viewer.core.picture.look import Rgb32

SCALE_MAX = 64
LONGEST_SIDE = 2**14
"""Pixels of the longer side of an enlarged picture."""
STILL_PIXELS = 2**26
"""Pixels of a still: 200 MB in memory."""
FRAME_PIXELS = 2**22
"""Pixels of a frame: what players still show smoothly."""
HEAD_BYTES = 64


@dataclass(frozen=True)
class Format:
    """One way to write a picture or an animation."""

    title: str
    """Its name in the export dialog."""
    help: str
    """Its tooltip there."""
    suffixes: tuple[str, ...]
    """File name endings: the first is written, all are recognised."""
    animated: bool
    write: Callable[[IO[bytes], Iterable[Rgb32], EncoderOptions], None]
    starts: bytes
    """A regular expression for the beginning of a file."""
    find_recipe: Callable[[BinaryIO], bytes | None] | None
    """Finds the embedded recipe, or None if the format carries none."""
    has_quality: bool = False
    lossless_at_100: bool = False
    has_transparency: bool = False
    needs_palette: bool = False
    """Whether all frames share 255 colours."""
    program: str = ""
    """A program on the PATH that it needs."""
    longest_side: int = LONGEST_SIDE

    @property
    def suffix(self) -> str:
        """The ending of files that are written."""
        return self.suffixes[0]

    @property
    def available(self) -> bool:
        """Whether the program that it needs is installed."""
        return not self.program or shutil.which(self.program) is not None

    def largest_scale(self, size: tuple[int, int]) -> int:
        """Return the largest whole number by which a picture of this width and height can be enlarged."""
        return min(self.largest_width(size) // size[0], SCALE_MAX)

    def largest_width(self, size: tuple[int, int]) -> int:
        """Return the largest width in pixels to which a picture of this width and height can be enlarged."""
        width, height = size
        pixels = FRAME_PIXELS if self.animated else STILL_PIXELS
        return max(min(self.longest_side * width // max(size), isqrt(pixels * width // height)), width)


FORMATS = {
    "png": Format(
        "PNG", "A picture of pixels, which every program opens", (".png",), False, write_png,
        rb"\x89PNG\r\n\x1a\n", find_in_png,
    ),
    "svg": Format(
        "SVG", "A picture of shapes, sharp at any size, for print and design", (".svg",), False, write_svg,
        rb"(\xef\xbb\xbf)?\s*<", find_in_svg,
        has_transparency=True,
    ),
    "gif": Format(
        "GIF", "An animation that plays everywhere, with few colours", (".gif",), True, write_gif,
        rb"GIF8", find_in_gif,
        needs_palette=True,
    ),
    "apng": Format(
        "APNG", "An animation with all colours that plays in browsers and many programs", (".png", ".apng"), True,
        write_apng, rb"\x89PNG\r\n\x1a\n", find_in_png,
    ),
    "webp": Format(
        "WebP", "An animation with all colours in a small file, for web pages", (".webp",), True, write_webp,
        rb"RIFF.{4}WEBP", find_in_webp,
        has_quality=True, lossless_at_100=True, longest_side=2**14 - 1,
    ),
    "mp4": Format(
        "MP4", "A video for slides and phones, made by ffmpeg", (".mp4",), True, write_mp4, rb".{4}ftyp", find_in_mp4,
        has_quality=True, program="ffmpeg",
    ),
}  # fmt: skip
SUFFIXES = tuple(dict.fromkeys(suffix for each in FORMATS.values() for suffix in each.suffixes))
"""Endings of files that may carry a recipe."""


def is_picture(path: Path) -> bool:
    """Return whether a file's name is that of a picture or an animation, which may carry a recipe or show a digit."""
    return path.suffix.lower() in (*SUFFIXES, *pictures.SUFFIXES)


def read_recipe(path: Path) -> Recipe:
    """Return the recipe that a picture carries. Raises RecipeError if there is none."""
    try:
        if not path.is_file():
            raise RecipeError(f"There is no file {path}.")
        with path.open("rb") as file:
            found = _find_recipe(file)
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {explain_read(error)}") from error
    if found is None:
        raise NoRecipe(f"{path.name} carries no recipe: only pictures exported by digitforge do.")
    if len(found) > MOST_BYTES:
        raise RecipeError(f"{path.name} carries a recipe that is too long.")
    return from_text(found.decode("ascii", "replace"))


def _find_recipe(file: BinaryIO) -> bytes | None:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    for each in FORMATS.values():
        if each.find_recipe is not None and re.match(each.starts, head, re.DOTALL):
            return each.find_recipe(file)
    return None
