"""Pictures of a generator without a window: `python -m viewer.gallery [MODEL.onnx|RUN_DIR] [--out DIR]`.

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

from digitforge.errors import ExportError, exit_status
from digitforge.files import write_bytes
from digitforge.hashing import sha256
from digitforge.newest_run import newest_run
from digitforge.progress import bar
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import GENERATOR_FILE, Generator, find_model, open_generator
from export.runtime.latents import latents, one_hot
from viewer.core.files.encoders import Reel, png, write_gif
from viewer.core.files.recipe import Model, Recipe, versions
from viewer.core.files.saving import gif_palette
from viewer.core.picture.compose import GAP_COLOUR, compose, enlarged
from viewer.core.picture.layout import layout
from viewer.core.picture.look import PLAIN
from viewer.core.scene.animation import MOST_TURNED_CLASSES, Animation, frame_count, scene_at
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import TRUNCATION_MAX, ViewState

SAMPLES_IN_A_ROW = 10
MOST_ROWS = 40
"""Of the sheet; generators with more classes show the first of them."""
MOST_CELLS = 20
GIF_LIMIT_BYTES = 2_000_000


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
    return png(sheet)


def loop_of(info: GeneratorInfo, seed: int, psi: float) -> tuple[ViewState, Animation]:
    """A walk that ends where it begins, one cell for each class.

    Latents go from seed to seed + 1, … and back to seed. Where a generator has few classes, each cell also goes
    through all of them: it holds a class for a while and then turns into the next.
    """
    turns = 2 <= len(info.classes) <= MOST_TURNED_CLASSES
    state = ViewState(seed=seed, cells=min(len(info.classes) or 10, MOST_CELLS), truncation=psi)
    return state, Animation("turn" if turns else "walk")


def loop_frames(generator: Generator, state: ViewState, animation: Animation) -> Iterator[Image.Image]:
    """The frames of the walk, each pixel of the generator as it is."""
    columns = 5 if state.cells in (5, 10, 15, 20) else state.columns
    for frame in range(frame_count(generator.info, state, animation)):
        scene = scene_at(generator.info, state, animation, frame)
        assert scene is not None, "a grid always shows something"
        yield enlarged(compose(generator.generate_pixels(scene.z, scene.y), columns), 1)


def loop_gif(info: GeneratorInfo, frames: Sequence[Image.Image], animation: Animation, recipe: str) -> bytes:
    """An endless GIF file of the frames, as large as it can be within GIF_LIMIT_BYTES."""
    palette = gif_palette(info, PLAIN, [frames[place * len(frames) // 4] for place in range(4)])
    for scale in range(max(1, 480 // frames[0].width), 0, -1):
        stream = io.BytesIO()
        write_gif(stream, frames, Reel(len(frames), animation.frames_per_second, scale, recipe), palette)
        if stream.tell() <= GIF_LIMIT_BYTES:
            break
    return stream.getvalue()


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


def write_gallery(generator: Generator, folder: Path, seed: int, psi: float) -> tuple[Path, Path]:
    """Write both pictures into `folder` and return their paths. Raises CannotWrite."""
    sheet, loop = folder / "contact_sheet.png", folder / "loop.gif"
    write_bytes(sheet, contact_sheet(generator, seed, psi))
    state, animation = loop_of(generator.info, seed, psi)
    frames = []
    with bar(Console(stderr=True), "animating", frame_count(generator.info, state, animation)) as progress:
        for frame in loop_frames(generator, state, animation):
            frames.append(frame)
            progress.advance()
    model = Model(generator.path.name, sha256(generator.path))
    recipe = Recipe(model, state, None, animation, versions()).to_text()
    write_bytes(loop, loop_gif(generator.info, frames, animation, recipe))
    return sheet, loop


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit status: 2 where the input is bad. argv: sys.argv's if None."""
    parser = argparse.ArgumentParser(
        prog="python -m viewer.gallery", description="Write a contact sheet and an interpolation loop of a generator."
    )
    parser.add_argument(
        "model", type=Path, nargs="?", metavar="MODEL.onnx|RUN_DIR", help="default: the newest exported run below runs/"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write; the model's folder without it")
    parser.add_argument("--seed", type=int, default=0, help="of the samples, from 0; default %(default)s")
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI", help="0 to 1.5; default %(default)s")
    arguments = parser.parse_args(argv)

    def command() -> None:
        if not 0 <= arguments.seed <= SEED_MAX:
            raise ExportError(f"--seed is {arguments.seed}; it must be between 0 and {SEED_MAX}.")
        if not 0.0 <= arguments.truncation <= TRUNCATION_MAX:
            raise ExportError(f"--truncation is {arguments.truncation}; it must be between 0 and {TRUNCATION_MAX}.")
        model = arguments.model
        if model is None:
            model = newest_run(GENERATOR_FILE, then="python -m export.onnx")
            print(f"Drawing the newest exported run, {model}", file=sys.stderr)
        path = find_model(model)
        for written in write_gallery(
            open_generator(path), arguments.out or path.parent, arguments.seed, arguments.truncation
        ):
            print(written)

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
