"""Remove the ruled lines of lined and squared paper from a mask of what is dark."""

from __future__ import annotations

import numpy as np

from export.inversion.components import Bool

STEEPEST = 0.2
"""Slope of a line, against the picture's edge."""
SLOPES = 101
LEAST_LENGTH = 0.4
"""Of a line, in widths of the picture."""
MOST_LINES = 80
"""In each direction."""
MOST_THICK = 7
"""Pixels of a line. What is thicker is a stroke."""


def without_lines(mask: Bool) -> Bool:
    """Return the mask [h, w] without long straight lines, nearly horizontal or vertical.

    Where a stroke crosses a line, the stroke stays.
    """
    across = _lines_removed(mask)
    down = _lines_removed(mask.T).T
    return across & down


def _lines_removed(mask: Bool) -> Bool:
    """Return the mask without lines that are nearly horizontal."""
    height, width = mask.shape
    kept = mask.copy()
    rows, columns = np.nonzero(_thin(mask))
    if len(rows) == 0:
        return kept
    slopes = np.linspace(-STEEPEST, STEEPEST, SLOPES)
    middle = width / 2
    margin = int(STEEPEST * middle) + 2
    room = height + 2 * margin
    offsets = [np.round(rows - slope * (columns - middle)).astype(np.int64) + margin for slope in slopes]
    votes = np.stack([np.bincount(each, minlength=room)[:room] for each in offsets])
    near = votes.copy()
    near[:, 1:] += votes[:, :-1]
    for _ in range(MOST_LINES):
        best = int(near.argmax())
        turn, offset = divmod(best, near.shape[1])
        if near[turn, offset] < LEAST_LENGTH * width:
            break
        _remove(kept, mask, slopes[turn], offset - margin - 0.5, middle)
        near[:, max(offset - 4, 0) : offset + 5] = 0
    return kept


def _remove(kept: Bool, mask: Bool, slope: float, offset: float, middle: float) -> None:
    """Remove from `kept` what lies on a line, unless the ink goes on above or below."""
    height, width = mask.shape
    columns = np.arange(width)
    centre = np.round(offset + slope * (columns - middle)).astype(np.int64)
    reach = MOST_THICK
    steps = np.arange(-reach, reach + 1)
    rows = centre[None] + steps[:, None]
    inside = (rows >= 0) & (rows < height)
    band = mask[np.clip(rows, 0, height - 1), columns[None]] & inside  # [steps, columns]
    start = np.where(band[reach], reach, np.where(band[reach - 1], reach - 1, np.where(band[reach + 1], reach + 1, -1)))
    up, down = _run(band, start, -1), _run(band, start, 1)
    thickness = np.where(start >= 0, up + down + 1, 0)
    thick = float(np.median(thickness[thickness > 0])) if (thickness > 0).any() else 0.0
    remove = (thickness > 0) & (thickness <= min(1.7 * thick + 1, MOST_THICK))
    on = (steps[:, None] + reach >= start[None] - up[None]) & (steps[:, None] + reach <= start[None] + down[None])
    gone = on & remove[None] & inside
    kept[rows[gone], np.broadcast_to(columns, rows.shape)[gone]] = False


def _run(
    band: Bool, start: np.ndarray[tuple[int, ...], np.dtype[np.int64]], step: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return how far the ink goes on from `start` in each column, upwards (-1) or downwards (1)."""
    length = np.zeros_like(start)
    going = start >= 0
    place = start.copy()
    for _ in range(band.shape[0]):
        place = place + step
        going = going & (place >= 0) & (place < band.shape[0])
        going = going & band[np.clip(place, 0, band.shape[0] - 1), np.arange(len(start))]
        length += going
    return length


def _thin(mask: Bool) -> Bool:
    """Return the pixels whose vertical run of ink is at most MOST_THICK high."""
    height = mask.shape[0]
    padded = np.zeros((height + 1, mask.shape[1]), np.int64)
    padded[1:] = np.cumsum(mask, axis=0)
    eroded = padded[MOST_THICK + 1 :] - padded[: -(MOST_THICK + 1)] == MOST_THICK + 1 if height > MOST_THICK else None
    if eroded is None or not eroded.size:
        return mask
    thick = np.zeros_like(mask)
    for step in range(MOST_THICK + 1):
        thick[step : step + eroded.shape[0]] |= eroded
    return mask & ~thick
