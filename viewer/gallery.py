"""Write pictures of a generator without a window: `python -m viewer.gallery [MODEL.onnx|RUN_DIR] [--out DIR]`.

Writes `contact_sheet.png` and `loop.gif` into the run directory, or next to the model file. Both depend only on the
generator, the seed and the truncation, so two runs write the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from digitforge.errors import ExportError, exit_status
from digitforge.files import user_path, write_bytes
from digitforge.newest_run import newest_run
from digitforge.progress import bar
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import GENERATOR_FILE, Generator, find_model, open_generator
from export.runtime.latents import latents, one_hot
from viewer.core.files.encoders import EncoderOptions, write_gif
from viewer.core.files.recipe import Model, Recipe, versions
from viewer.core.files.saving import animation_palette
from viewer.core.picture.compose import GAP_COLOUR, compose, enlarged
from viewer.core.picture.layout import layout
from viewer.core.picture.look import PLAIN, Rgb32
from viewer.core.scene.animation import MOST_TURNED_CLASSES, Animation, frame_count, scene_at
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import TRUNCATION_MAX, ViewState

SAMPLES_IN_A_ROW = 10
MOST_ROWS = 40
"""Rows of the contact sheet; a generator with more classes shows the first ones."""
MOST_CELLS = 20
GIF_LIMIT_BYTES = 2_000_000
FONT_SIZE = 20
FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "segoeui.ttf", "Arial Unicode.ttf", "NotoSansCJK-Regular.ttc",
    "msyh.ttc", "PingFang.ttc", "seguiemj.ttf", "seguisym.ttf",
)  # fmt: skip
"""Fonts of the systems that have more characters than Pillow's own."""
NO_CHARACTER = "\uffff"
"""No font has it."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def contact_sheet(generator: Generator, seed: int, psi: float) -> bytes:
    """Return a PNG file with a row of samples per class and its name; ten rows of samples without classes."""
    info = generator.info
    names = info.classes[:MOST_ROWS] or ("",) * 10
    count = len(names) * SAMPLES_IN_A_ROW
    labels = np.repeat(np.arange(len(names)), SAMPLES_IN_A_ROW)
    z = latents(info, seed, 0, count) * np.float32(psi)
    scale = max(1, 84 // info.height)
    grid = enlarged(compose(_pixels(generator, z, labels), SAMPLES_IN_A_ROW), scale)
    cells = layout(count, info.height, info.width, SAMPLES_IN_A_ROW)
    pitch = (cells.cell_height + cells.gap) * scale
    font, names = _readable(names)
    margin = 20
    left = margin + (24 + math.ceil(max(font.getlength(name) for name in names)) if info.conditional else 0)
    sheet = Image.new("RGB", (left + grid.width + margin, grid.height + 2 * margin), f"#{GAP_COLOUR & 0xFFFFFF:06x}")
    sheet.paste(grid, (left, margin))
    draw = ImageDraw.Draw(sheet)
    for row, name in enumerate(names):
        middle = margin + row * pitch + info.height * scale / 2
        draw.text((margin, middle), name, "#8f97a8", font, anchor="lm")
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _readable(names: Sequence[str]) -> tuple[Font, tuple[str, ...]]:
    """Return a font and the names that it can write; a name that no font of this system has becomes its number.

    Pillow's own font, which is the same everywhere, is taken where it has all characters.
    """
    fonts: list[Font] = [ImageFont.load_default(FONT_SIZE)]
    for name in FONTS:
        with contextlib.suppress(OSError):
            fonts.append(ImageFont.truetype(name, FONT_SIZE))
    font = max(fonts, key=lambda one: sum(_writes(one, name) for name in names))  # the first one of the best
    return font, tuple(name if _writes(font, name) else f"class {place}" for place, name in enumerate(names))


def _writes(font: Font, text: str) -> bool:
    """Return whether a font has every character of a text. What it has not, it draws as a box."""
    box = bytes(font.getmask(NO_CHARACTER))
    return all(character.isspace() or bytes(font.getmask(character)) != box for character in text)


def _pixels(generator: Generator, z: Float32, labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> UInt8:
    """Generate the images of all latents in batches of ten."""
    classes = len(generator.info.classes)
    y = one_hot(labels, classes) if classes else None
    batches = [slice(start, start + SAMPLES_IN_A_ROW) for start in range(0, len(z), SAMPLES_IN_A_ROW)]
    return np.concatenate([generator.generate_pixels(z[rows], None if y is None else y[rows]) for rows in batches])


def loop_of(info: GeneratorInfo, seed: int, psi: float) -> tuple[ViewState, Animation]:
    """Return a walk from seed to seed that ends where it began, with one cell per class.

    If the generator has few classes, each cell also goes through all of them.
    """
    turns = 2 <= len(info.classes) <= MOST_TURNED_CLASSES
    state = ViewState(seed=seed, cells=min(len(info.classes) or 10, MOST_CELLS), truncation=psi)
    return state, Animation("turn" if turns else "walk")


def loop_frames(generator: Generator, state: ViewState, animation: Animation) -> Iterator[Rgb32]:
    """Yield the frames of the walk at the size that the generator makes."""
    columns = 5 if state.cells in (5, 10, 15, 20) else state.columns
    for frame in range(frame_count(generator.info, state, animation)):
        scene = scene_at(generator.info, state, animation, frame)
        assert scene is not None, "a grid always shows something"
        yield compose(generator.generate_pixels(scene.z, scene.y), columns)


def loop_gif(info: GeneratorInfo, frames: Sequence[Rgb32], animation: Animation, recipe: str) -> bytes:
    """Return an endless GIF file of the frames, as large as GIF_LIMIT_BYTES allows."""
    palette = animation_palette(info, PLAIN, [frames[place * len(frames) // 4] for place in range(4)])
    for scale in range(max(1, 480 // frames[0].shape[1]), 0, -1):
        file = io.BytesIO()
        options = EncoderOptions(len(frames), animation.frames_per_second, scale=scale, palette=palette, recipe=recipe)
        write_gif(file, frames, options)
        if file.tell() <= GIF_LIMIT_BYTES:
            break
    return file.getvalue()


def write_gallery(generator: Generator, folder: Path, seed: int, psi: float) -> tuple[Path, Path]:
    """Write both pictures into `folder` and return their paths. Raises CannotWrite."""
    sheet, loop = folder / "contact_sheet.png", folder / "loop.gif"
    write_bytes(sheet, contact_sheet(generator, seed, psi))
    state, animation = loop_of(generator.info, seed, psi)
    frames = []
    with bar(Console(stderr=True), "Animation", frame_count(generator.info, state, animation)) as shown:
        for frame in loop_frames(generator, state, animation):
            frames.append(frame)
            shown.advance()
    model = Model(generator.path.name, generator.info.digest)
    recipe = Recipe(model, state, None, animation, versions()).to_text()
    write_bytes(loop, loop_gif(generator.info, frames, animation, recipe))
    return sheet, loop


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status. argv: without the program's name; None for sys.argv."""
    parser = argparse.ArgumentParser(
        prog="python -m viewer.gallery",
        description="Write a contact sheet (PNG) and an endless animation (GIF) of a generator.",
    )
    parser.add_argument(
        "model",
        type=user_path,
        nargs="?",
        metavar="MODEL.onnx|RUN_DIR",
        help="the generator (default: the newest exported run below runs/)",
    )
    parser.add_argument(
        "--out", type=user_path, metavar="DIR", help="folder to write to (default: the folder of the generator)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the samples (default: %(default)s)")
    parser.add_argument(
        "--truncation",
        type=float,
        default=1.0,
        metavar="PSI",
        help=f"scale of the latents, 0 to {TRUNCATION_MAX} (default: %(default)s)",
    )
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
        generator = open_generator(path)
        if generator.notice:
            print(generator.notice, file=sys.stderr)
        for written in write_gallery(generator, arguments.out or path.parent, arguments.seed, arguments.truncation):
            print(written)

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
