"""Pictures of a generator without a window: `python -m viewer.gallery MODEL.onnx|RUN_DIR [--out DIR]`.

Writes `contact_sheet.png` and `loop.gif` into the run directory, or the folder of the model file. Both depend on the
generator, the seed and psi alone: the animation counts frames, not time, so that two runs write the same bytes.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track

from export.arrays import Float32, UInt8
from export.contract import ExportError, GeneratorInfo
from export.files import exit_status, write_whole
from export.latents import latents, one_hot
from export.runtime import Generator, find_model, open_generator
from viewer.core.compose import GAP_COLOUR, compose, enlarged, layout
from viewer.core.latents import between
from viewer.core.samples import SEED_MAX
from viewer.core.state import TRUNCATION_MAX

SAMPLES_IN_A_ROW = 10
MOST_ROWS = 40
"""Of the sheet; generators with more classes show the first of them."""
FRAMES_PER_KEYFRAME = 14
FRAME_MS = 50
LEAST_KEYFRAMES = 6
MOST_WALKED_CLASSES = 12
"""Generators with more classes keep one class in each cell of the animation."""
MOST_CELLS = 20
GIF_LIMIT_BYTES = 2_000_000
GREYS = 64
"""Of the animation; more cannot be told apart and only make the file larger."""


def contact_sheet(generator: Generator, seed: int, psi: float) -> bytes:
    """A PNG file: a row of samples for each class, named at its left; without classes ten rows of samples."""
    info = generator.info
    names = info.classes[:MOST_ROWS] or ("",) * 10
    count = len(names) * SAMPLES_IN_A_ROW
    labels = np.repeat(np.arange(len(names)), SAMPLES_IN_A_ROW)
    z = latents(info, seed, 0, count) * np.float32(psi)
    scale = max(1, 84 // info.height)
    grid = enlarged(compose(_pixels(generator, z, labels), SAMPLES_IN_A_ROW), scale)
    cells = layout(count, info.height, info.width, SAMPLES_IN_A_ROW)
    pitch = (cells.cell_height + cells.gap) * scale
    font = ImageFont.load_default(size=20)
    margin = 20
    left = margin + (24 + math.ceil(max(font.getlength(name) for name in names)) if info.conditional else 0)
    sheet = Image.new("RGB", (left + grid.width + margin, grid.height + 2 * margin), f"#{GAP_COLOUR & 0xFFFFFF:06x}")
    sheet.paste(grid, (left, margin))
    draw = ImageDraw.Draw(sheet)
    for row, name in enumerate(names):
        middle = margin + row * pitch + info.height * scale / 2
        draw.text((margin, middle), name, "#8f97a8", font, anchor="lm")
    return _png(sheet)


def loop_length(info: GeneratorInfo) -> int:
    """Frames of the walk: a whole number of turns through the classes, where they are walked."""
    return FRAMES_PER_KEYFRAME * (
        len(info.classes) * math.ceil(LEAST_KEYFRAMES / len(info.classes)) if _walks_classes(info) else LEAST_KEYFRAMES
    )


def _walks_classes(info: GeneratorInfo) -> bool:
    return 2 <= len(info.classes) <= MOST_WALKED_CLASSES


def loop_frames(generator: Generator, seed: int, psi: float) -> Iterator[Image.Image]:
    """The frames of a walk that ends where it begins, one cell for each class.

    Latents go from seed to seed + 1, … and back to seed. Where a generator has few classes, each cell also goes
    through all of them: it holds a class for a while and then turns into the next.
    """
    info = generator.info
    classes = len(info.classes)
    cells = min(classes or 10, MOST_CELLS)
    turns = 1 if _walks_classes(info) else 0
    keyframes = loop_length(info) // FRAMES_PER_KEYFRAME
    columns = 5 if cells in (5, 10, 15, 20) else 0
    keys = [latents(info, seed + key, 0, cells) for key in range(keyframes)]
    for frame in range(keyframes * FRAMES_PER_KEYFRAME):
        key, step = divmod(frame, FRAMES_PER_KEYFRAME)
        part = step / FRAMES_PER_KEYFRAME
        z = between(info, keys[key], keys[(key + 1) % keyframes], part) * np.float32(psi)
        y = None
        if info.conditional:
            here = np.arange(cells) + key * turns
            there = here + turns
            weight = np.float32(_hold_then_turn(part))
            y = one_hot(here % classes, classes) * (1 - weight) + one_hot(there % classes, classes) * weight
        yield enlarged(compose(generator.generate_pixels(z, y), columns), 1)


def loop_gif(frames: Sequence[Image.Image], grey: bool) -> bytes:
    """An endless GIF file of the frames, as large as it can be within GIF_LIMIT_BYTES."""
    for scale in range(max(1, 480 // frames[0].width), 0, -1):
        content = _encode(frames, scale, grey)
        if len(content) <= GIF_LIMIT_BYTES:
            break
    return content


def _encode(frames: Sequence[Image.Image], scale: int, grey: bool) -> bytes:
    size = (frames[0].width * scale, frames[0].height * scale)
    palette = Image.new("P", (1, 1))
    if grey:
        gap = [GAP_COLOUR >> shift & 0xFF for shift in (16, 8, 0)]
        palette.putpalette([round(level * 255 / (GREYS - 1)) for level in range(GREYS) for _ in range(3)] + gap)
    else:
        tall = Image.new("RGB", (frames[0].width, frames[0].height * 4))
        for place in range(4):  # one palette for all frames, or colours would flicker
            tall.paste(frames[place * len(frames) // 4], (0, place * frames[0].height))
        palette = tall.quantize(256, dither=Image.Dither.NONE)
    flat = [
        frame.resize(size, Image.Resampling.NEAREST).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    stream = io.BytesIO()
    flat[0].save(stream, "GIF", save_all=True, append_images=flat[1:], duration=FRAME_MS, loop=0, disposal=1)
    return stream.getvalue()


def _hold_then_turn(part: float) -> float:
    """0 for the first half of the way, then smoothly to 1: a class should be seen before it goes."""
    turn = max(0.0, 2.0 * part - 1.0)
    return turn * turn * (3.0 - 2.0 * turn)


def _pixels(generator: Generator, z: Float32, labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> UInt8:
    """uint8 images of all latents, in batches of ten."""
    classes = len(generator.info.classes)
    y = one_hot(labels, classes) if classes else None
    batches = range(0, len(z), SAMPLES_IN_A_ROW)
    return np.concatenate(
        [
            generator.generate_pixels(z[i : i + SAMPLES_IN_A_ROW], None if y is None else y[i : i + SAMPLES_IN_A_ROW])
            for i in batches
        ]
    )


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def write_gallery(generator: Generator, folder: Path, seed: int, psi: float) -> tuple[Path, Path]:
    """Write both pictures into `folder` and return their paths. Raises CannotWrite."""
    terminal = Console(stderr=True)
    sheet, loop = folder / "contact_sheet.png", folder / "loop.gif"
    write_whole(sheet, contact_sheet(generator, seed, psi))
    frames = list(
        track(
            loop_frames(generator, seed, psi),
            "Walking",
            loop_length(generator.info),
            console=terminal,
            transient=True,
            disable=not terminal.is_terminal,
        )
    )
    write_whole(loop, loop_gif(frames, grey=generator.info.channels == 1))
    return sheet, loop


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit status: 2 where the input is bad. argv: sys.argv's if None."""
    parser = argparse.ArgumentParser(
        prog="python -m viewer.gallery", description="Write a contact sheet and an interpolation loop of a generator."
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx|RUN_DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write; the model's folder without it")
    parser.add_argument("--seed", type=int, default=0, help="of the samples, from 0; default %(default)s")
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI", help="0 to 1.5; default %(default)s")
    arguments = parser.parse_args(argv)

    def command() -> None:
        if not 0 <= arguments.seed <= SEED_MAX:
            raise ExportError(f"--seed is {arguments.seed}; it must be between 0 and {SEED_MAX}.")
        if not 0.0 <= arguments.truncation <= TRUNCATION_MAX:
            raise ExportError(f"--truncation is {arguments.truncation}; it must be between 0 and {TRUNCATION_MAX}.")
        path = find_model(arguments.model)
        for written in write_gallery(
            open_generator(path), arguments.out or path.parent, arguments.seed, arguments.truncation
        ):
            print(written)

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
