"""Measure the seconds to a Fréchet distance: `python -m bench.time_to_quality [--preset P ...] [--json FILE]`.

The presets are trained one after the other on the same machine, and scored `--scores` times along the way. The time of
the scores does not count. The targets are multiples of the floor, which is the distance between as many real training
images and the test set, and the best distance that `dcgan` reached.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.scored_run import NEVER, train_scored
from bench.train import apart, images_per_s, ours
from digitforge.errors import exit_status
from digitforge.files import write_json
from trainer import launch
from trainer.data import datasets
from trainer.presets import PRESETS, configure
from trainer.report.log import Point

WHOLE = tuple(name for name, row in PRESETS.items() if row.settings.get("dataset", "mnist") == "mnist"
              and not row.settings.get("classes"))  # fmt: skip
"""The presets that make all ten digits of MNIST, so that they can be compared."""
FLOORS = (4.0, 2.0, 1.5, 1.25)
SPEED_SECONDS = 3.0
OLD = "dcgan"


def speed(preset: str, data_dir: Path | None) -> float:
    """Return the images per second of a preset's training, from which the distance between scores follows."""
    config = configure(preset, {"dataset": "mnist"})
    next_step = ours(config, datasets.load("mnist", data_dir), launch.start(config))
    images_per_s(next_step, config.batch_size, 1.0)
    return images_per_s(next_step, config.batch_size, SPEED_SECONDS)


def race(preset: str, minutes: float, given: argparse.Namespace, run_dir: Path) -> list[Point]:
    """Train for `minutes` and return the scores, each with the "seconds" of training before it."""
    every = max(round(apart(speed, preset, given.data_dir) * 60 * minutes / given.scores), 1)
    return train_scored(
        run_dir, given.data_dir, every, "--preset", preset, "--images", NEVER, "--seconds", str(60 * minutes),
        "--seed", str(given.seed), "--score-count", str(given.count),
    )  # fmt: skip


def reached(scores: list[Point], distance: float) -> float | None:
    """Return the seconds until the Fréchet distance was at most `distance`; None if it never was."""
    return next((score["seconds"] for score in scores if score["frechet_distance"] <= distance), None)


def summary(races: dict[str, list[Point]], floor: float) -> dict[str, Any]:
    """Return the targets, and for each preset when it reached them and its best distance."""
    targets = {f"{times:g} x floor": times * floor for times in FLOORS}
    if OLD in races:
        targets[f"{OLD}'s best"] = min(score["frechet_distance"] for score in races[OLD])
    rows = {
        name: {
            "seconds": {target: reached(scores, distance) for target, distance in targets.items()},
            "best": min(score["frechet_distance"] for score in scores),
            "images": scores[-1]["images"],
            "trained_seconds": scores[-1]["seconds"],
        }
        for name, scores in races.items()
    }
    return {"floor": floor, "targets": targets, "presets": rows}


def show(result: dict[str, Any], console: Console) -> None:
    """Print the results as a table, then the ratios."""
    targets: dict[str, float] = result["targets"]
    headings = ["\n".join([*name.rsplit(" ", 1), f"{value:.4f}"]) for name, value in targets.items()]
    table = Table(
        "preset",
        *headings,
        "best",
        "images",
        title="seconds of training to a Fréchet distance",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for name, row in result["presets"].items():
        times = (row["seconds"][target] for target in targets)
        table.add_row(
            name,
            *("never" if time is None else f"{time:,.0f}" for time in times),
            f"{row['best']:.4f}", f"{row['images']:,.0f}",
        )  # fmt: skip
    for column in table.columns:
        column.no_wrap = True
    console.print(table)
    for name, row in result["presets"].items():
        print(f"{name}, best distance / floor: {row['best'] / result['floor']:.2f}")


def command(given: argparse.Namespace, minutes: list[float]) -> None:
    """Train the presets for `minutes` each; print and write the results after each."""
    console = Console(soft_wrap=True)
    races: dict[str, list[Point]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (preset, length) in enumerate(zip(given.preset, minutes, strict=True), 1):
            console.rule(f"{preset} ({number} of {len(given.preset)}, {length:g} minutes of training)")
            races[preset] = race(preset, length, given, Path(folder) / preset)
            result = summary(races, races[preset][0]["floor_frechet_distance"])
            if given.json:
                facts = {
                    "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
                    "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
                    "count": given.count, "seed": given.seed,
                }  # fmt: skip
                curves = {
                    name: [[score["seconds"], score["frechet_distance"]] for score in scores]
                    for name, scores in races.items()
                }
                write_json(given.json, facts | result | {"curves": curves})
            show(result, console)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.time_to_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", nargs="+", choices=WHOLE, default=WHOLE, help="default: all of them")
    minutes_help = "of training, one number for all presets or one for each; default: 60"
    parser.add_argument("--minutes", nargs="+", type=float, default=[60], help=minutes_help)
    parser.add_argument("--scores", type=int, default=24, help="along each training; default: %(default)s")
    parser.add_argument("--count", type=int, default=10_000, help="images of each score; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    minutes = given.minutes * len(given.preset) if len(given.minutes) == 1 else given.minutes
    if given.scores < 1:
        parser.error(f"--scores is {given.scores}, but it must be at least 1.")
    if len(minutes) != len(given.preset):
        parser.error(
            f"--minutes has {len(minutes)} numbers for {len(given.preset)} presets: give one, or one for each."
        )
    return exit_status(lambda: command(given, minutes))


if __name__ == "__main__":
    sys.exit(main())
