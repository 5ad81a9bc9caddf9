"""Find a generator's directions and write them beside its file: `python -m tools.directions [MODEL.onnx]`.

The viewer then has them at once. Without a file, those of the bundled generator. Principal directions that are stored
there already keep their vectors, so that recipes which name them by number still make the same pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import exit_status
from digitforge.files import write_json, write_text
from digitforge.hashing import sha256
from export.runtime.generator import open_generator
from viewer.core.scene.directions import (
    Search,
    latents_needed,
    measure_coarse,
    measured,
    numbered,
    principal,
    render_coarse,
    to_json,
)

STEP = 32
"""Latents that are rendered at once."""


def command(given: argparse.Namespace) -> None:
    """Find the directions of a generator, print what they are like and write them beside it."""
    path: Path = given.model
    generator = open_generator(path, "cpu")
    count = latents_needed(generator.info)
    pictures = np.concatenate(
        [render_coarse(generator, start, min(STEP, count - start)) for start in range(0, count, STEP)]
    )
    with tempfile.TemporaryDirectory() as empty:
        stored = Search(Path(empty)).stored(path, sha256(path), generator.info)
    found = stored or principal(generator.info, pictures)
    named = measured(generator.info, measure_coarse(generator.info, pictures))
    found = replace(found, names=tuple(map(numbered, range(len(found.names)))), named=named)
    for one in named:
        print(f"{one.name}: R^2 {one.explained:.2f}")
    for place, name in enumerate(found.names):
        if (alike := found.alike(place)) is not None:
            print(f"{name} is like {alike.name}: |cosine| {found.cosine(place, alike):.2f}")
    beside = path.with_suffix(".directions.json")
    write_text(beside, to_json(found, generator.info.digest))
    print(f"Wrote {beside}.")
    if given.json:
        write_json(given.json, {one.name: one.explained for one in named})


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.directions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write how well each is explained there (R^2)")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
