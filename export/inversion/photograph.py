"""Find the digits in a photograph of paper.

The paper's own brightness is divided out, ruled lines are removed, what is left of the ink is cut into connected parts,
and parts that belong to one digit are joined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from digitforge.errors import PictureError
from export.inversion.components import Bool, Box, Labels, label
from export.inversion.lines import without_lines
from export.inversion.normalise import extent, resized
from export.runtime.arrays import Float32

BLOCKS = 32
"""Blocks along the longer side in which the paper's brightness is estimated."""
WIDEST_INK = 4
"""Blocks. Wider dark places are shadows on the paper."""
NOISES = 4.0
"""Standard deviations of the noise that ink stands out by."""
LEAST_CONTRAST = 0.08
"""Of ink against its paper."""
WORKING_SIDE = 480
"""Pixels. Smaller pictures are enlarged to it, so that lengths in pixels mean the same."""
LEAST_HEIGHT = 0.35
"""Of a digit, against the highest one."""
LEAST_SIDE = 12
"""Pixels of a digit's longer side."""
GAP = 0.12
"""Between the strokes of a digit, in heights of the highest one."""
FAINTEST_DIGIT = 0.45
"""Contrast of a part, against the darkest one; shadows are fainter."""
FULL = 200
"""Pixels of a part whose contrast counts in full."""
MOST_JOINED = 1.7
"""Height of a joined digit, in heights of the highest part."""
MOST_PARTS = 300
"""Parts of the size of a stroke. More are a texture, and comparing all pairs of them would take minutes."""
MOST_DIGITS = 64
MOST_INK = 0.5
"""Part of the picture. Above it, what is dark is not writing."""
LEAST_SHARE = 0.4
"""Part of the dark pixels that belongs to digits. Below it, they are a texture."""
STROKE = 0.11
"""Least width of a stroke, in sides of the digit: just below MNIST's."""
ROOM = 160
"""Pixels of the longer side of a digit that is found."""


@dataclass(frozen=True)
class Digit:
    """One digit of a photograph."""

    ink: Float32
    """float32 [h, w], 0 (paper) to 1 (ink)."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom, in widths and heights of the picture."""


def find_digits(grey: Float32, name: str = "the picture") -> list[Digit]:
    """Return the digits of a picture in reading order.

    grey: float32 [h, w] in [0, 1], as `read_picture` returns it. name: of the picture, for messages.
    Raises PictureError if there is none.
    """
    scale = max(WORKING_SIDE / max(grey.shape), 1)
    if scale > 1:
        edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        padded = np.pad(grey, 2, constant_values=float(np.median(edge)))  # the digit may reach the edge
        grey = resized(padded, round(padded.shape[0] * scale), round(padded.shape[1] * scale))
    ink = contrast(grey)
    mask = ink > threshold(ink)
    lined = without_lines(ink > _faint(ink))
    mask &= lined
    labels, boxes = _digits(mask, ink)
    marks = int(np.isin(labels, [number for number, _ in boxes]).sum())
    if not boxes or marks < LEAST_SHARE * mask.sum() or mask.mean() > MOST_INK:
        raise PictureError(f"No digit was found in {name}: write it larger or darker, and let it fill the picture.")
    if len(boxes) > MOST_DIGITS:
        raise PictureError(f"{name[:1].upper()}{name[1:]} has more than {MOST_DIGITS} marks: cut out the digits.")
    height, width = grey.shape
    return [
        Digit(_cut(ink, labels == number, box), (box.left / width, box.top / height, box.right / width,
                                                 box.bottom / height))
        for number, box in boxes
    ]  # fmt: skip


def contrast(grey: Float32) -> Float32:
    """Return how much darker each pixel is than its paper, from 0 to 1; of light ink on dark, how much lighter."""
    smooth = _blurred(grey, 1.0)
    around = _blurred(grey, max(grey.shape) / 12)
    middle = slice(grey.shape[0] // 20, -(grey.shape[0] // 20) or None)
    difference = (smooth - around)[middle]
    if float((difference**3).mean()) > 0:
        smooth = 1 - smooth
    ratio = smooth / np.maximum(paper(smooth), 0.05)
    return np.clip(1 - ratio, 0, 1)


def paper(grey: Float32) -> Float32:
    """Return the brightness that the paper has behind the ink, float32 [h, w]."""
    side = max(max(grey.shape) // BLOCKS, 2)
    rows, columns = (-(-length // side) for length in grey.shape)
    padded = np.pad(grey, ((0, rows * side - grey.shape[0]), (0, columns * side - grey.shape[1])), "edge")
    blocks = padded.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, -1)
    bright = np.percentile(blocks, 75, axis=2).astype(np.float32)
    room = 2 * WIDEST_INK  # a shadow that reaches the picture's edge goes on outside
    closed = -_highest(-_highest(np.pad(bright, room, "edge"), WIDEST_INK), WIDEST_INK)
    whole = resized(_smoothed(closed[room:-room, room:-room]), rows * side, columns * side)
    return whole[: grey.shape[0], : grey.shape[1]]


def threshold(ink: Float32) -> float:
    """Return the contrast above which a pixel is ink: between the two groups (Otsu) of what is not paper."""
    floor = _faint(ink)
    found = ink[ink > floor]
    if len(found) < 16:
        return 1.0
    counts, edges = np.histogram(found, 64, (0, 1))
    centres = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts), counts.sum()
    mass = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below / total - mass) ** 2 / (below * (total - below))
    best = float(centres[int(np.nanargmax(between))])
    strong = float(np.percentile(found, 95))
    return max(floor, min(best, 0.5 * strong))


def _faint(ink: Float32) -> float:
    """Return the contrast that noise does not reach."""
    noise = float(np.median(np.abs(ink[:, 1:] - ink[:, :-1]))) * 1.05  # 1.4826 / sqrt(2)
    return max(LEAST_CONTRAST, float(np.median(ink)) + NOISES * noise)


def _digits(mask: Bool, ink: Float32) -> tuple[Labels, list[tuple[int, Box]]]:
    """Return the numbered parts of a mask and, in reading order, the number and box of each digit."""
    labels, boxes, areas = label(mask)
    height, width = mask.shape
    kept = {
        number: box
        for number, (box, area) in enumerate(zip(boxes, areas, strict=True), 1)
        if max(box.height, box.width) >= LEAST_SIDE // 2 and area >= LEAST_SIDE and not _is_edge(box, height, width)
    }
    if not kept or len(kept) > MOST_PARTS:
        return labels, []
    depths = np.bincount(labels.ravel(), ink.ravel(), len(boxes) + 1)[1:] / areas
    darkest = max(depths[number - 1] * min(areas[number - 1], FULL) for number in kept) / FULL
    kept = {number: box for number, box in kept.items() if depths[number - 1] > FAINTEST_DIGIT * darkest}
    inner = {number: box for number, box in kept.items() if not _at_edge(box, height, width)}
    kept = inner or kept
    highest = max(max(box.height, box.width // 2) for box in kept.values())
    groups = _joined(kept, highest)
    renumber = np.zeros(len(boxes) + 1, np.int64)
    found = []
    for place, numbers in enumerate(groups, 1):
        box = kept[numbers[0]]
        for number in numbers[1:]:
            box = box.union(kept[number])
        renumber[numbers] = place
        if box.height >= max(LEAST_HEIGHT * highest, LEAST_SIDE):
            found.append((place, box))
    return renumber[labels], _in_reading_order(found)


def _is_edge(box: Box, height: int, width: int) -> bool:
    """Whether a part is the edge of the paper or a shadow: it touches the picture's edge, and is long."""
    return _at_edge(box, height, width) and (
        box.height > 0.5 * height or box.width > 0.5 * width or min(box.height, box.width) < 8
    )


def _at_edge(box: Box, height: int, width: int) -> bool:
    return box.top <= 1 or box.left <= 1 or box.bottom >= height - 1 or box.right >= width - 1


def _joined(boxes: dict[int, Box], highest: int) -> list[list[int]]:
    """Return groups of parts that make one digit: strokes above each other with a small gap, or that nearly touch."""
    groups = [([number], box) for number, box in boxes.items()]
    changed = True
    while changed:
        changed = False
        for i, (numbers, box) in enumerate(groups):
            for j, (others, other) in enumerate(groups[:i]):
                if _belong(box, other, highest):
                    groups[j] = (others + numbers, box.union(other))
                    del groups[i]
                    changed = True
                    break
            if changed:
                break
    return [numbers for numbers, _ in groups]


def _belong(one: Box, other: Box, highest: int) -> bool:
    across = max(one.left, other.left) - min(one.right, other.right)
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    if one.union(other).height > MOST_JOINED * highest:
        return False
    smaller = min(one, other, key=lambda box: box.height * box.width)
    if across < 0 and down < 0:  # the boxes overlap: slanted neighbours do so too, but only a little
        return -across * -down >= 0.3 * smaller.height * smaller.width
    if across <= 0 and down <= GAP * highest:
        return -across >= 0.4 * min(one.width, other.width)
    beside = -down > 0.5 * min(one.height, other.height) and smaller.height > LEAST_HEIGHT * highest
    return not beside and max(across, down) <= 0.5 * GAP * highest


def _in_reading_order(found: list[tuple[int, Box]]) -> list[tuple[int, Box]]:
    """Sort digits into rows from top to bottom, each from left to right."""
    rows: list[list[tuple[int, Box]]] = []
    for digit in sorted(found, key=lambda each: each[1].top + each[1].bottom):
        middle = (digit[1].top + digit[1].bottom) / 2
        row = next((row for row in rows if any(box.top < middle < box.bottom for _, box in row)), None)
        if row is None:
            rows.append([digit])
        else:
            row.append(digit)
    return [digit for row in rows for digit in sorted(row, key=lambda each: each[1].left)]


def _cut(ink: Float32, mask: Bool, box: Box) -> Float32:
    """Return the ink of one digit, its strokes at least as wide as STROKE."""
    room = 3
    rows = slice(max(box.top - room, 0), box.bottom + room)
    columns = slice(max(box.left - room, 0), box.right + room)
    near = _grown(mask[rows, columns], 2)
    cut = np.where(near, ink[rows, columns], 0)
    strong = float(np.percentile(ink[rows, columns][mask[rows, columns]], 75))
    cut = np.clip((cut / max(strong, 1e-3) - 0.25) / 0.5, 0, 1)
    scale = ROOM / max(cut.shape)
    cut = resized(cut, max(round(cut.shape[0] * scale), 1), max(round(cut.shape[1] * scale), 1))
    return thickened(cut)


def thickened(ink: Float32) -> Float32:
    """Return ink whose strokes are at least STROKE wide, measured against the digit's longer side."""
    rows, columns = extent(ink)
    side = max(rows.stop - rows.start, columns.stop - columns.start)
    width = stroke_width(ink)
    grow = (STROKE * side - width) / 2
    if side == 0 or grow < 0.5:
        return ink
    room = round(grow) + 1
    padded = np.pad(ink, room)
    return _disc_grown(padded, grow)


def stroke_width(ink: Float32) -> float:
    """Estimate the width of the strokes in pixels: twice the area over the length of the outline; 0 without ink."""
    inside = np.pad(ink > 0.5, 1)
    area = int(inside.sum())
    outline = sum(int((inside & ~np.roll(inside, step, axis)).sum()) for step in (-1, 1) for axis in (0, 1))
    return 2 * area / (outline * np.pi / 4) if area else 0.0  # steps along the grid are 4 / pi of the outline


def _disc_grown(ink: Float32, radius: float) -> Float32:
    """Return the largest value within a disc around each pixel."""
    reach = int(radius)
    grown = ink.copy()
    for row in range(-reach, reach + 1):
        half = int((radius**2 - row**2) ** 0.5)
        shifted = np.roll(_row_highest(ink, half), row, axis=0)
        np.maximum(grown, shifted, out=grown)
    return grown


def _row_highest(values: Float32, half: int) -> Float32:
    grown = values.copy()
    for step in range(1, half + 1):
        np.maximum(grown[:, step:], values[:, :-step], out=grown[:, step:])
        np.maximum(grown[:, :-step], values[:, step:], out=grown[:, :-step])
    return grown


def _highest(values: Float32, half: int) -> Float32:
    """Return the largest value in a square around each one."""
    return np.ascontiguousarray(_row_highest(_row_highest(values, half).T.copy(), half).T)


def _grown(mask: Bool, by: int) -> Bool:
    return _highest(mask.astype(np.float32), by) > 0


def _smoothed(values: Float32) -> Float32:
    padded = np.pad(values, 1, "edge")
    rows = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / np.float32(4)
    smooth: Float32 = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(4)
    return smooth


def _blurred(grey: Float32, radius: float) -> Float32:
    image = Image.fromarray(np.round(grey * 255).astype(np.uint8))
    blur = ImageFilter.GaussianBlur(radius) if radius < 4 else ImageFilter.BoxBlur(radius)
    return np.asarray(image.filter(blur), np.float32) / np.float32(255)
