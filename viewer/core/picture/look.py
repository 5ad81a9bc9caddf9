"""How pixels are shown: colour map, inversion, smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from export.runtime.arrays import Float32, UInt8
from viewer.core.plain import check_choice, check_range

Rgb32 = npt.NDArray[np.uint32]
"""A picture: 0xffRRGGBB per pixel, 0 for gaps; uint32 [height, width], contiguous."""

_ANCHORS = {
    "grey": (0x000000, 0xFFFFFF),
    "ink": (0xF6F1E3, 0xC9C9CF, 0x6F7FA6, 0x2B3F74, 0x14213D),
    "ember": (0x000000, 0x2A0A08, 0x7A1A0C, 0xC8400F, 0xF2841F, 0xF9C661, 0xFFF7E0),
    "ice": (0x02050F, 0x0A1F44, 0x0F4C81, 0x1F8FC4, 0x6FC9E6, 0xC8EEF5, 0xFFFFFF),
    # Every eighth colour of matplotlib's maps of the same name, which are in the public domain.
    "viridis": (0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725),
    "magma": (0x000004, 0x1D1147, 0x51127C, 0x822681, 0xB73779, 0xE65164, 0xFC8961, 0xFEC488, 0xFCFDBF),
}
COLOUR_MAPS = tuple(_ANCHORS)
SMOOTHING_MAX = 3.0
"""Pixels."""


@dataclass(frozen=True)
class Look:
    """What is done to the generator's pictures before they are shown. Raises ValueError for a value out of range."""

    colour_map: str = "grey"
    """The colours of grey pictures; colour pictures keep theirs."""
    invert: bool = False
    smoothing: float = 0.0
    """Sigma of a Gaussian filter in pixels; 0 for none."""
    beside: bool = False
    """Whether each smoothed picture is shown twice: without smoothing on the left, with it on the right."""
    squares: bool = False
    """Whether enlarged pixels are squares instead of interpolated."""

    def __post_init__(self) -> None:
        check_choice("colour_map", self.colour_map, COLOUR_MAPS)
        check_range("smoothing", self.smoothing, 0, SMOOTHING_MAX)

    @property
    def doubled(self) -> bool:
        """Whether each picture is shown twice. Without smoothing, both would be the same."""
        return self.beside and self.smoothing > 0.0


PLAIN = Look()
PAPER = Look("ink")
"""Dark ink on bright paper, for the light theme."""


@lru_cache(maxsize=2 * len(COLOUR_MAPS))
def colour_table(colour_map: str, invert: bool) -> Rgb32:
    """Return 0xffRRGGBB for each grey level, uint32 [256], interpolated linearly between the anchors. Read-only."""
    anchors = np.array(_ANCHORS[colour_map])
    levels = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(levels, np.arange(len(anchors)), anchors >> shift & 0xFF) for shift in (16, 8, 0)]
    red, green, blue = np.rint(channels).astype(np.uint32)
    table: Rgb32 = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    table = table[::-1].copy() if invert else table
    table.setflags(write=False)
    return table


@lru_cache(maxsize=16)
def filter_matrix(size: int, sigma: float) -> Float32:
    """Return the matrix that filters a line of `size` pixels: float32 [size, size], read-only.

    The filter is cut off at four sigmas and mirrored at the edges, like scipy.ndimage.gaussian_filter1d(mode="mirror").
    A product with a small matrix is faster than a sum over the offsets.
    """
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    period = max(2 * (size - 1), 1)
    places = np.abs(np.arange(size)[:, None] + offsets) % period
    places = np.minimum(places, period - places)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], places), weights / weights.sum())
    result: Float32 = matrix.astype(np.float32)
    result.setflags(write=False)
    return result


def smoothed(pixels: UInt8, sigma: float) -> UInt8:
    """Apply a Gaussian filter to pictures, uint8 [n, h, w] or [n, h, w, 3]. sigma: in pixels, above 0."""
    planes = pixels.astype(np.float32) if pixels.ndim == 3 else np.moveaxis(pixels, 3, 1).astype(np.float32)
    height, width = planes.shape[-2:]
    filtered = filter_matrix(height, sigma) @ (planes @ filter_matrix(width, sigma).T)
    result: UInt8 = np.rint(filtered).astype(np.uint8)
    return result if pixels.ndim == 3 else np.moveaxis(result, 1, 3)


def apply_look(pixels: UInt8, look: Look) -> Rgb32:
    """Apply a look: uint8 [n, h, w] or [n, h, w, 3] -> uint32 [n, h, w], or [n, h, 2 w] if `doubled`."""
    after = _coloured(smoothed(pixels, look.smoothing) if look.smoothing > 0.0 else pixels, look)
    return np.concatenate([_coloured(pixels, look), after], axis=2) if look.doubled else after


def _coloured(pixels: UInt8, look: Look) -> Rgb32:
    if pixels.ndim == 3:
        # All indices are in range: "clip" avoids the check of "raise".
        return colour_table(look.colour_map, look.invert).take(pixels, mode="clip")
    places = np.array([1 << 16, 1 << 8, 1], np.uint32)
    packed: Rgb32 = pixels.astype(np.uint32) @ places + np.uint32(0xFF000000)
    return packed ^ np.uint32(0x00FFFFFF) if look.invert else packed
