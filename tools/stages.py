"""Pack early stages of the bundled generator's own training: `python -m tools.stages RUN --out FILE.stages.npz`.

RUN is a run directory whose exports are of the training that made the generator. The large tensors of each stage are
stored as differences from the stage before, in steps of a share of the tensor's standard deviation. The command then
unpacks the file as the viewer does, compares the pictures of each stage with those of the exact one, and prints how
much they differ.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import numpy_helper
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from digitforge.bundled import BUNDLED_MODEL, BUNDLED_STAGES
from digitforge.errors import RunError, exit_status
from digitforge.files import atomic_file, write_json
from digitforge.hashing import sha256
from digitforge.progress import bar
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import latents, one_hot
from export.safety.checks import read_model
from viewer.core.run.packed_stages import (
    EXACT,
    GENERATOR,
    HASHES,
    IMAGES,
    LEVELS,
    PICTURES,
    STEPS,
    PackedStages,
    stage_file,
    weights_of,
)
from viewer.core.run.stages import LOG_FILE, Stage, stages_of
from viewer.core.scene.compare import mean_difference

CHOSEN = (1_024, 2_048, 4_096, 8_064, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 1_024_000)
"""Images seen at the stages that are packed: about twice as many at each."""
LARGE = 4096
"""Tensors with at least this many values are quantised."""
SHARE = 0.14
"""The step of a tensor, as a share of its standard deviation."""
MOST_LEVELS = 127
PICTURES_A_STAGE = 20
SHEET_SCALE = 2
SHEET_ROWS = (0, 3, 7, 8)
"""The pictures of a sheet; they are of the digits with these names."""
HEAD, GAP, FONT_PIXELS, INK, PAPER = 24, 4, 12, 96, 255
"""Height of the sheet's heads, gap and size of text in pixels; greys of the text and between the pictures."""
Arrays = dict[str, np.ndarray[Any, Any]]


def pictures_of(generator: Generator, count: int = PICTURES_A_STAGE) -> UInt8:
    """Return the first pictures of seed 0, all classes in turn: uint8 [count, h, w]."""
    info: GeneratorInfo = generator.info
    labels = np.arange(count) % max(1, len(info.classes))
    weights = one_hot(labels, len(info.classes)) if info.conditional else None
    return generator.generate_pixels(latents(info, 0, 0, count), weights)


def tensors_of(path: Path) -> dict[str, Float32]:
    """Return the weights of an exported generator by name, without the constants of its graph."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in read_model(path).graph.initializer}
    return {name: values for name, values in found.items() if name.startswith("generator.")}


def pack(stages: Sequence[Stage], generator: Path) -> Arrays:
    """Return the arrays of a packed file. stages: the exact exports, the earliest first."""
    packed: Arrays = {
        GENERATOR: np.array(sha256(generator)),
        IMAGES: np.array([stage.images for stage in stages], np.int64),
        PICTURES: np.stack([pictures_of(open_generator(stage.path, "cpu", 1)) for stage in stages]),
    }
    exact = [tensors_of(stage.path) for stage in stages]
    for name, first in exact[0].items():
        all_stages = np.stack([tensors[name] for tensors in exact])
        if first.size < LARGE:
            packed[EXACT + name] = all_stages
        else:
            packed[STEPS + name], packed[LEVELS + name] = quantised(all_stages)
    return packed


def quantised(stages: Float32) -> tuple[Float32, np.ndarray[Any, np.dtype[np.int8]]]:
    """Return the step of each stage and its levels. Each stage corrects the error of the one before."""
    value = np.zeros(stages.shape[1:], np.float32)
    steps, levels = [], []
    for exact in stages:
        difference = exact - value
        step = np.float32(max(SHARE * exact.std(), np.abs(difference).max() / MOST_LEVELS))
        level = np.rint(difference / step).astype(np.int8)
        value = value + step * level.astype(np.float32)
        steps.append(step)
        levels.append(level)
    return np.array(steps, np.float32), np.stack(levels)


def write(packed: Arrays, generator: Path, out: Path) -> None:
    """Write the packed file, with the hash of each file that it will be unpacked to."""
    model = read_model(generator)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.npz"
        np.savez(draft, **packed, allow_pickle=False)
        hashes = []
        with np.load(draft, allow_pickle=False) as archive:
            for images, weights in zip(packed[IMAGES], weights_of(archive), strict=True):
                path = Path(folder) / "stage.onnx"
                path.write_bytes(stage_file(model, weights, int(images), generator.name))
                hashes.append(sha256(path))
    with atomic_file(out) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **packed, **{HASHES: np.array(hashes)}, allow_pickle=False)


def measure(packed: Path, generator: Path) -> tuple[list[dict[str, float]], UInt8]:
    """Return a row for each stage, and the pictures of the unpacked stages and of the generator.

    The pictures are uint8 [stages + 1, pictures, h, w].
    """
    with tempfile.TemporaryDirectory() as folder:
        stages = PackedStages(Path(folder), generator, packed).unpack(lambda *_: None)
        shown = np.stack([pictures_of(open_generator(stage.path, "cpu", 1)) for stage in stages])
    with np.load(packed, allow_pickle=False) as archive:
        exact = archive[PICTURES]
    rows = [
        {"images": stage.images or 0, "mean_change": mean_difference(shown[number], exact[number])}
        for number, stage in enumerate(stages[:-1])
    ]
    return rows, shown


def same_losses(run: Path, generator: Path) -> tuple[int, int]:
    """Compare the log of the run with that of the generator's training.

    Returns how many log lines cover the same images in both, and how many of these have the same losses.
    """

    def losses(path: Path) -> dict[tuple[int, int], tuple[float, float]]:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        logged = [(line["images"], (line["d_loss"], line["g_loss"])) for line in lines if "d_loss" in line]
        return {(start, stop): values for (start, _), (stop, values) in itertools.pairwise([(0, (0.0, 0.0)), *logged])}

    first, second = losses(run / LOG_FILE), losses(generator.with_suffix(".log.jsonl"))
    common = first.keys() & second.keys()
    return len(common), sum(first[span] == second[span] for span in common)


def draw(rows: Sequence[dict[str, float]], pictures: UInt8, path: Path) -> None:
    """Write a sheet: one column for each stage and one for the generator, headed by the images seen; a row a digit."""
    side = pictures.shape[-1] * SHEET_SCALE
    heads = [f"{row['images']:,}" for row in rows] + ["finished"]
    sheet = Image.new("L", (len(heads) * (side + GAP) - GAP, HEAD + len(SHEET_ROWS) * (side + GAP) - GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PIXELS)
    for column, head in enumerate(heads):
        left = column * (side + GAP)
        pen.text((left + side // 2, HEAD // 2), head, fill=INK, font=font, anchor="mm")
        for row, picture in enumerate(SHEET_ROWS):
            cell = Image.fromarray(pictures[column, picture]).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(cell, (left, HEAD + row * (side + GAP)))
    with atomic_file(path) as temporary:
        sheet.save(temporary, "PNG", optimize=True)


def command(given: argparse.Namespace) -> None:
    """Pack the stages unless the file is only measured, and print how exact they are."""
    console = Console(stderr=True)
    if given.run is not None:
        found = {stage.images: stage for stage in stages_of(given.run)}
        if missing := [images for images in CHOSEN if images not in found]:
            raise RunError(f"{given.run} has no export at {missing[0]:,} images: train it with --export-every.")
        with bar(console, "packing"):
            write(pack([found[images] for images in CHOSEN], given.generator), given.generator, given.out)
        common, same = same_losses(given.run, given.generator)
        print(f"{same} of {common} log lines have the same losses as in the training of {given.generator.name}")
    with bar(console, "measuring"):
        rows, shown = measure(given.out, given.generator)
    table = Table("images seen", "mean change of a pixel, of 255")
    for row in rows:
        table.add_row(f"{row['images']:,}", f"{row['mean_change']:.2f}")
    Console().print(table)
    print(f"{given.out}: {given.out.stat().st_size:,} bytes, sha256 {sha256(given.out)}")
    if given.sheet:
        draw(rows, shown, given.sheet)
    if given.json:
        write_json(given.json, {"bytes": given.out.stat().st_size, "sha256": sha256(given.out), "stages": rows})


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.stages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, metavar="RUN", help="the run; without it, FILE is only measured")
    parser.add_argument(
        "--generator", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx", help="the end of the training"
    )
    parser.add_argument("--out", type=Path, default=BUNDLED_STAGES, metavar="FILE", help="the packed file")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw some digits at each stage there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
