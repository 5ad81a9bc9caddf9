"""Draw real digits beside what a generator makes of them: `python -m tools.reconstructions [MODEL.onnx] [--out FILE]`.

The picture shows the first test images of MNIST, and then those of the first 200 that are farthest from what was found.
In each pair the real digit is above and the found one below; the number is the root mean squared error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError, exit_status
from digitforge.files import atomic_file, write_json
from digitforge.progress import bar
from export.inversion.batch import invert
from export.inversion.live import usable_classifier
from export.inversion.starts import Pool
from export.runtime.arrays import UInt8
from export.runtime.generator import find_model, open_generator
from export.runtime.pixels import from_pixels, to_pixels
from trainer.data import datasets

OUT = Path("docs/images/reconstructions.png")
SEARCHED, FIRST, WORST = 200, 30, 10
COLUMNS, SCALE, GAP, TEXT = 10, 3, 10, 18
PAPER, INK = 255, 90


def draw(real: UInt8, found: UInt8, errors: list[float]) -> Image.Image:
    """Return a picture of pairs, row by row. real, found: uint8 [n, side, side]."""
    side = real.shape[1] * SCALE
    width, height = side + GAP, 2 * side + TEXT + GAP
    rows = -(-len(real) // COLUMNS)
    sheet = Image.new("L", (COLUMNS * width + GAP, rows * height + GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for number, (above, below, error) in enumerate(zip(real, found, errors, strict=True)):
        x, y = GAP + number % COLUMNS * width, GAP + number // COLUMNS * height
        for place, pixels in enumerate((above, below)):
            enlarged = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (x, y + place * side))
        pen.text((x + side / 2, y + 2 * side + 2), f"{error:.2f}", INK, font, anchor="ma")
    return sheet


def command(given: argparse.Namespace) -> None:
    """Search, and write the picture."""
    generator = open_generator(find_model(given.model), "cpu")
    info = generator.info
    images = datasets.load("mnist", given.data_dir, "test").images[:SEARCHED]
    if (info.channels, info.height, info.width) != images.shape[1:]:
        raise ExportError(f"{given.model} does not make images like MNIST's.")
    pool = Pool.draw(info, generator.generate)
    with bar(Console(stderr=True), "searching", len(images)) as shown:
        found = invert(
            pool, generator.generate, from_pixels(images),
            classifier=usable_classifier(pool), report=lambda done: shown.show(done, len(images), "searching"),
        )  # fmt: skip
    later = np.argsort(-found.rms[FIRST:], kind="stable")[:WORST] + FIRST
    rows = np.concatenate([np.arange(FIRST), later])
    made = to_pixels(generator.generate(found.latents[rows], None if found.weights is None else found.weights[rows]))
    sheet = draw(images[rows, 0], made, found.rms[rows].tolist())
    with atomic_file(given.out) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)
    if given.json:
        write_json(given.json, {"searched": SEARCHED, "error": float(found.rms.mean())})
    print(f"{given.out}: {len(rows)} digits; the mean error of {SEARCHED} is {found.rms.mean():.3f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.reconstructions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx")
    parser.add_argument("--out", type=Path, default=OUT, help="default: %(default)s")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the mean error there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
