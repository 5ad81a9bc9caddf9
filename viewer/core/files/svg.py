"""Pictures as SVG files, sharp at any size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import numpy as np

from viewer.core.files.encoders import EncoderOptions
from viewer.core.files.metadata import to_xml
from viewer.core.picture.compose import GAP_COLOUR, scaled
from viewer.core.picture.look import Rgb32


def write_svg(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    """Write the first picture as an SVG file."""
    file.write(svg(next(iter(pictures)), options.scale, options.recipe, options.clear))


def svg(picture: Rgb32, scale: float, recipe: str, clear: int | None = None) -> bytes:
    """Return the picture as an SVG file with one path per colour.

    scale: size of a pixel when the file is opened. clear: a colour, 0xffRRGGBB, to leave out together with the gaps;
    None leaves out nothing.
    """
    height, width = picture.shape
    shown_width, shown_height = scaled((width, height), scale)
    if clear is None:
        picture = np.where(picture == 0, np.uint32(GAP_COLOUR), picture)
        colours, counts = np.unique(picture, return_counts=True)
        ground = int(colours[counts.argmax()])
        paths = [f'<path fill="{_hex(ground)}" d="M0 0h{width}v{height}H0z"/>']
        left_out = {ground}
    else:
        paths, left_out = [], {0, clear}
    boxes = _boxes(picture)
    for colour in np.unique(boxes[:, 4]).tolist():
        if colour not in left_out:
            own = boxes[boxes[:, 4] == colour, :4].tolist()
            shapes = "".join(f"M{x} {y}h{right - x}v{down}H{x}z" for y, x, right, down in own)
            paths.append(f'<path fill="{_hex(colour)}" d="{shapes}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown_width}" height="{shown_height}" '
        f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges">\n<metadata>{to_xml(recipe)}</metadata>\n'
        + "\n".join(paths)
        + "\n</svg>\n"
    ).encode()


def _hex(colour: int) -> str:
    return f"#{colour & 0xFFFFFF:06x}"


def _boxes(picture: Rgb32) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return boxes of one colour that cover the picture, int64 [boxes, 5]: top, left, right, height, colour.

    Each box is a run of pixels; equal runs below each other are merged.
    """
    height, width = picture.shape
    starts = np.ones((height, width), bool)
    starts[:, 1:] = picture[:, 1:] != picture[:, :-1]
    top, left = np.nonzero(starts)
    right = np.append(np.where(left[1:] > 0, left[1:], width), width)
    colour = picture[top, left].astype(np.int64)
    order = np.lexsort((top, colour, right, left))
    top, left, right, colour = (column[order] for column in (top, left, right, colour))
    first = np.ones(len(top), bool)
    first[1:] = (
        (left[1:] != left[:-1]) | (right[1:] != right[:-1]) | (colour[1:] != colour[:-1]) | (top[1:] != top[:-1] + 1)
    )
    (firsts,) = np.nonzero(first)
    heights = np.diff(np.append(firsts, len(top)))
    return np.stack([top[firsts], left[firsts], right[firsts], heights, colour[firsts]], axis=1)
