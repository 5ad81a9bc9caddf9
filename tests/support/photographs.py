"""Photographs of digits on paper, made as they come from a phone.

Paper has fibres, folds of light and ruled lines; ink has the grain of a pen or pencil; the camera adds perspective,
a shadow, blur, noise and JPEG. Everything follows from a seed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Grey = npt.NDArray[np.float64]
SIZE = (1500, 1100)
"""Width and height of the paper in pixels."""
FONTS = (
    tuple(sorted(Path("/usr/share/fonts/truetype").rglob("*.ttf")))
    if Path("/usr/share/fonts/truetype").is_dir()
    else ()
)
"""Fonts of Debian, where they are installed."""


@dataclass(frozen=True)
class Paper:
    """What is written on, and how it is photographed."""

    ruling: str = "plain"
    """"plain", "lined" or "squared"."""
    tool: str = "pen"
    """"pen" or "pencil"."""
    thin: bool = False
    """Whether the strokes are thin."""
    shadow: float = 0.35
    """Part of the light that a shadow takes."""
    perspective: float = 0.06
    """Largest move of a corner, in sides of the paper."""
    noise: float = 0.02
    blur: float = 1.0
    jpeg: int = 70
    board: bool = False
    """Whether it is chalk on a board: light on dark."""
    turn: int = 1
    """EXIF orientation under which the file is stored: 1, 3, 6 or 8."""


def photograph(digits: list[Grey], seed: int, paper: Paper) -> bytes:
    """Return a JPEG file of one row of digits, or several rows of up to five.

    digits: ink of each, [h, w] from 0 to 1.
    """
    rng = np.random.default_rng(seed)
    ink = _written(digits, rng, paper)
    width, height = SIZE
    page = np.ones((height, width)) * rng.uniform(0.82, 0.97)
    page *= 1 - 0.02 * _clouds(rng, 6) - 0.015 * rng.standard_normal((height, width))
    page *= 1 - _ruling(rng, paper)
    darkness = rng.uniform(0.6, 0.85) if paper.tool == "pen" else rng.uniform(0.32, 0.5)
    grain = 1 - (0.1 if paper.tool == "pen" else 0.45) * rng.random((height, width))
    page *= 1 - darkness * ink * grain
    if paper.board:
        page = 1.05 - page
    light = 1 - paper.shadow * 0.6 * _clouds(rng, 2)
    light *= 1 - paper.shadow * _edge(rng)
    picture = Image.fromarray(np.clip(page * light * 255, 0, 255).astype(np.uint8))
    picture = _tilted(picture, rng, paper.perspective)
    picture = picture.filter(ImageFilter.GaussianBlur(paper.blur))
    values = np.asarray(picture, np.float64) / 255
    values += rng.standard_normal(values.shape) * paper.noise * np.sqrt(np.maximum(values, 0.05))
    warm = np.clip(values[..., None] * np.array([1.0, 0.97, 0.9]) * 255, 0, 255).astype(np.uint8)
    image = Image.fromarray(warm)
    stored = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    turned = stored[paper.turn]
    exif = Image.Exif()
    exif[0x0112] = paper.turn
    file = io.BytesIO()
    (image if turned is None else image.transpose(turned)).save(file, "JPEG", quality=paper.jpeg, exif=exif)
    return file.getvalue()


def handwritten(pixels: npt.NDArray[np.uint8], thin: bool = False) -> Grey:
    """Return one digit of MNIST, uint8 [28, 28], as smooth ink of 280x280 pixels."""
    smooth = Image.fromarray(pixels).resize((280, 280), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(4))
    middle = 0.62 if thin else 0.45
    return np.clip((np.asarray(smooth, np.float64) / 255 - middle) * 6 + 0.5, 0, 1)


def printed(character: str, font: Path) -> Grey:
    """Return a character of a font as ink of 280x280 pixels."""
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).text((140, 140), character, 255, ImageFont.truetype(font, 230), anchor="mm")
    return np.asarray(image, np.float64) / 255


def _written(digits: list[Grey], rng: np.random.Generator, paper: Paper) -> Grey:
    width, height = SIZE
    sheet = np.zeros((height, width))
    columns = min(len(digits), 5)
    rows = -(-len(digits) // columns)
    pitch = min(width * 0.84 / columns, height * 0.84 / rows)
    side = int(pitch * 0.9)
    for place, digit in enumerate(digits):
        row, column = divmod(place, columns)
        ink = Image.fromarray((digit * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        left = int((width - columns * pitch) / 2 + column * pitch + rng.uniform(-0.02, 0.02) * pitch)
        top = int((height - rows * pitch) / 2 + row * pitch + rng.uniform(-0.04, 0.04) * pitch)
        cell = sheet[top : top + side, left : left + side]
        np.maximum(cell, np.asarray(ink, np.float64) / 255, out=cell)
    return sheet


def _clouds(rng: np.random.Generator, cells: int) -> Grey:
    """Return smooth noise in [0, 1] over the paper."""
    width, height = SIZE
    small = Image.fromarray((rng.random((cells + 1, cells + 1)) * 255).astype(np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float64) / 255


def _edge(rng: np.random.Generator) -> Grey:
    """Return a shadow with a soft edge across the paper, 0 or 1 on its sides."""
    width, height = SIZE
    angle, softness = rng.uniform(0, 2 * np.pi), rng.uniform(20, 90)
    x, y = np.meshgrid(np.arange(width) - width / 2, np.arange(height) - height / 2)
    distance = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.25, 0.25) * width
    shade: Grey = 1 / (1 + np.exp(-distance / softness))
    return shade


def _ruling(rng: np.random.Generator, paper: Paper) -> Grey:
    """Return how much the ruled lines darken the paper."""
    width, height = SIZE
    lines = np.zeros((height, width))
    if paper.ruling == "plain":
        return lines
    pitch, thickness, strength = int(rng.integers(55, 110)), int(rng.integers(2, 4)), rng.uniform(0.12, 0.28)
    for row in range(int(rng.integers(pitch)), height - thickness, pitch):
        lines[row : row + thickness] = strength
    if paper.ruling == "squared":
        for column in range(int(rng.integers(pitch)), width - thickness, pitch):
            lines[:, column : column + thickness] = strength
    return lines


def _tilted(picture: Image.Image, rng: np.random.Generator, most: float) -> Image.Image:
    """Photograph the paper from slightly aside, so close that it fills the picture."""
    width, height = picture.size
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    inwards = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    sources = [
        (x + dx * rng.uniform(0, most) * width, y + dy * rng.uniform(0, most) * height)
        for (x, y), (dx, dy) in zip(corners, inwards, strict=True)
    ]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients = np.linalg.solve(np.array(rows), np.array(values))
    return picture.transform(picture.size, Image.Transform.PERSPECTIVE, tuple(coefficients), Image.Resampling.BICUBIC)
