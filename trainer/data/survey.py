"""Look at a set of pictures before decoding: what transparent pictures lie on, and the range of 16-bit ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitforge.errors import DataError
from trainer.data.decode import Conversion, Look, formats, is_deep, read_picture

SAMPLE = 1_000
"""Number of pictures that are looked at, evenly spaced. If any has 16 bits, all are."""
DARK, BRIGHT = 64, 191
"""Pictures darker than this cannot be seen on black, brighter ones not on white."""
HALF = 32_768
LIGHT = 170
"""Mean brightness of the borders, of 255, above which a set is dark on light."""
BORDER_SIZE = 32


@dataclass(frozen=True)
class _Glance:
    """What one picture contributes."""

    extremes: tuple[int, int] | None = None
    """Lowest and highest value of a picture of 16 or 32 bits."""
    ink: float | None = None
    """Mean brightness of what is visible in a picture with transparent areas."""
    cut_to: int | None = None
    """Highest value of a 16-bit colour picture, of which Pillow keeps the upper 8 bits."""


def survey(root: Path, names: Sequence[str], wanted: Conversion) -> tuple[Look, list[str]]:
    """Return how to convert the pictures `names` below `root`, and a sentence about each choice.

    Raises DataError for dark 16-bit colour pictures, whose details Pillow drops.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        warnings.simplefilter("ignore")  # oddities of files that Pillow can read

        def glances(some: Sequence[str]) -> list[_Glance]:
            return list(pool.map(lambda name: _glance(root / name), some))

        seen = glances(names[:: -(-len(names) // SAMPLE) or 1])
        if any(each.extremes for each in seen):
            seen = glances(names)
    said = []
    cut = [each.cut_to for each in seen if each.cut_to is not None]
    if cut and max(cut) < 128:
        raise DataError(
            f"The 16-bit colour pictures in {root} are dark: they reach {max(cut)} of 255, as only the upper 8 bits of "
            "each value can be read. Save them with 8 bits for each channel."
        )
    inks = [each.ink for each in seen if each.ink is not None]
    white = sum(ink < DARK for ink in inks) > sum(ink > BRIGHT for ink in inks)
    if white:
        said.append(f"The pictures in {root} are dark on transparent: they are laid on white.")
    low, high = 0, 65_535
    extremes = [each.extremes for each in seen if each.extremes is not None]
    if extremes:
        low, most = min(0, *(lowest for lowest, _ in extremes)), max(highest for _, highest in extremes)
        high = 65_535 if HALF <= most <= 65_535 else max(most, low + 1)
        if (low, high) != (0, 65_535):
            said.append(f"The 16-bit pictures in {root} use the values {low:,} to {high:,}: scaled to 0 to 255.")
    look = Look(255 if white else 0, low, high, wanted.crop)
    if wanted.invert == "true" or (wanted.invert == "auto" and _is_dark_on_light(root, names, look)):
        said.append(f"The pictures in {root} are inverted: light becomes dark.")
        look = replace(look, invert=True)
    return look, said


def _is_dark_on_light(root: Path, names: Sequence[str], look: Look) -> bool:
    """Return whether the borders of the pictures are light, as paper is."""

    def border(name: str) -> float | None:
        try:
            return border_brightness(read_picture(root / name, BORDER_SIZE, look)[None])
        except Exception:  # unreadable pictures are found, and named, when they are decoded
            return None

    with ThreadPoolExecutor() as pool:
        found = [each for each in pool.map(border, names[:: -(-len(names) // SAMPLE) or 1]) if each is not None]
    return bool(found) and float(np.mean(found)) > LIGHT


def border_brightness(images: npt.NDArray[np.uint8]) -> float:
    """Return the mean of the pixels along the edges of images [count, channels, size, size], from 0 to 255."""
    edges = (images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1])
    return float(np.mean([edge.mean() for edge in edges]))


def _glance(path: Path) -> _Glance:
    try:
        with Image.open(path, formats=formats()) as opened:
            if is_deep(opened):
                values = np.asarray(opened)
                return _Glance(extremes=(int(values.min()), int(values.max())))
            if opened.has_transparency_data:
                pixels = np.asarray(opened.convert("RGBA")).astype(np.float32)
                alpha = pixels[..., 3] / 255
                seen = float(alpha.sum())
                if seen == 0 or alpha.min() == 1:
                    return _Glance()
                brightness = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
                return _Glance(ink=float((brightness * alpha).sum()) / seen)
            if ";16" in str(opened.tile):
                return _Glance(cut_to=int(np.asarray(opened).max()))
    except Exception:  # unreadable pictures are found, and named, when they are decoded
        return _Glance()
    return _Glance()
