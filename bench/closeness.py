"""Measure what the words for an answer stand for: `python -m bench.closeness [--letters DIR] [--json FILE]`.

Draw says how near the generator's answer is: "very near" to "something the generator cannot make". The words' limits
are chosen by these distributions of the relative error (the error of the answer against that of an empty picture): of
MNIST's first test images, of pictures of letters, and of drawn shapes, such as houses, that are no digits.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError, exit_status
from digitforge.files import write_json
from digitforge.progress import bar
from export.inversion.batch import BLOCK, invert
from export.inversion.live import usable_classifier
from export.inversion.normalise import normalise, to_target
from export.inversion.pictures import read_picture
from export.inversion.starts import Pool
from export.runtime.arrays import Float32
from export.runtime.generator import find_model, open_generator
from export.runtime.pixels import from_pixels
from trainer.data import datasets
from viewer.core.draw.closeness import FAR, WORDS, closeness, relative_error
from viewer.core.draw.sheet import ink_of
from viewer.core.state.drawing import Drawing, stroke_of

PERCENTILES = (5, 25, 50, 75, 90, 95, 99)
SEED = 0
Line = tuple[tuple[float, float], ...]
SHAPES: dict[str, tuple[Line, ...]] = {
    "house": (((.2, .8), (.2, .45), (.5, .2), (.8, .45), (.8, .8), (.2, .8)),
              ((.42, .8), (.42, .6), (.58, .6), (.58, .8))),
    "tree": (((.5, .85), (.5, .55)), ((.25, .55), (.5, .15), (.75, .55), (.25, .55))),
    "star": (((.5, .15), (.62, .8), (.18, .4), (.82, .4), (.38, .8), (.5, .15)),),
    "arrow": (((.15, .5), (.85, .5)), ((.65, .3), (.85, .5), (.65, .7))),
    "cross": (((.2, .2), (.8, .8)), ((.8, .2), (.2, .8))),
    "square": (((.2, .2), (.8, .2), (.8, .8), (.2, .8), (.2, .2)),),
    "ladder": (((.3, .1), (.3, .9)), ((.7, .1), (.7, .9)), *(((.3, y), (.7, y)) for y in (.25, .5, .75))),
    "zigzag": (((.1, .3), (.3, .7), (.5, .3), (.7, .7), (.9, .3)),),
    "hash": (((.35, .15), (.35, .85)), ((.65, .15), (.65, .85)), ((.15, .35), (.85, .35)), ((.15, .65), (.85, .65))),
    "face": (((.2, .5), (.3, .2), (.7, .2), (.8, .5), (.7, .8), (.3, .8), (.2, .5)), ((.38, .4), (.38, .45)),
             ((.62, .4), (.62, .45)), ((.38, .62), (.5, .68), (.62, .62))),
}  # fmt: skip
"""Lines of drawings that are no digits, in sides of the sheet."""


def shapes(count: int) -> list[Float32]:
    """Return drawings of the shapes, each turned, stretched and shaken a little: ink, float32 [side, side]."""
    random, drawn = np.random.default_rng(SEED), []
    for _, lines in zip(range(count), itertools.cycle(SHAPES.values()), strict=False):
        angle, scale = random.uniform(-0.2, 0.2), random.uniform(0.7, 1.0, 2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        thickness = float(random.uniform(0.06, 0.1))
        strokes = []
        for line in lines:
            points = (np.array(line) - 0.5) * scale @ turn + 0.5 + random.normal(0, 0.012, (len(line), 2))
            strokes.append(stroke_of([(x, y, 1.0) for x, y in points.tolist()], thickness))
        drawn.append(ink_of(Drawing(tuple(strokes))))
    return drawn


def letters(folder: Path, count: int) -> list[Float32]:
    """Return pictures of a folder, dark on light, chosen by chance, as ink."""
    paths = sorted(folder.rglob("*.png"))
    if not paths:
        raise ExportError(f"{folder} holds no PNG files.")
    chosen = np.random.default_rng(SEED).permutation(len(paths))[:count]
    return [1 - read_picture(paths[number]) for number in chosen]


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the figures."""
    generator = open_generator(find_model(given.model), "cpu")
    info = generator.info
    pool = Pool.draw(info, generator.generate)
    classifier = usable_classifier(pool)
    test = datasets.load("mnist", given.data_dir, "test").images[: given.count]
    if (info.channels, info.height, info.width) != test.shape[1:]:
        raise ExportError(f"{given.model} does not make images like MNIST's.")
    drawn = {"shapes": shapes(given.others)}
    if given.letters:
        drawn["letters"] = letters(given.letters, given.others)
    targets = {"digits": from_pixels(test)}
    for name, inks in drawn.items():
        targets[name] = np.stack([to_target(normalise(ink, info.height, info.width), info.channels) for ink in inks])
    result: dict[str, Any] = {"limits": {word: limit for limit, word in WORDS}, "sets": {}}
    table = Table("set", "pictures", *(f"{percent} %" for percent in PERCENTILES), *(word for _, word in WORDS), FAR)
    with bar(Console(stderr=True), "searching", sum(map(len, targets.values()))) as shown:
        for name, images in targets.items():
            errors: list[float] = []
            for start in range(0, len(images), BLOCK):
                part = images[start : start + BLOCK]
                found = invert(pool, generator.generate, part, classifier=classifier)
                errors += [relative_error(float(rms), one) for rms, one in zip(found.rms, part, strict=True)]
                shown.advance(len(part))
            said = Counter(map(closeness, errors))
            shares = {word: said[word] / len(errors) for word in (*(word for _, word in WORDS), FAR)}
            at = {str(percent): float(np.percentile(errors, percent)) for percent in PERCENTILES}
            result["sets"][name] = {"count": len(errors), "percentiles": at, "words": shares}
            table.add_row(
                name, f"{len(errors):,}", *(f"{each:.2f}" for each in at.values()),
                *(f"{share:.1%}" for share in shares.values()),
            )  # fmt: skip
    if given.json:
        write_json(given.json, result)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.closeness", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=BUNDLED_MODEL, help="default: the bundled generator")
    parser.add_argument("--count", type=int, default=1000, help="number of test images; default: %(default)s")
    parser.add_argument("--others", type=int, default=500, help="number of shapes and letters; default: %(default)s")
    parser.add_argument("--letters", type=Path, metavar="DIR", help="folder of pictures of letters, dark on light")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
