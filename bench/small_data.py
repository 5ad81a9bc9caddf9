"""Few images, with and without adaptive augmentation: `python -m bench.small_data [--images N] [--json FILE]`.

Three launches of one preset with one budget: on all of MNIST, on `--limit` images, and on these with augmentation whose
probability follows the discriminator (ADA). Each is scored against the test set as it goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.scored_run import train_scored
from digitforge.files import write_text
from trainer.presets import PRESETS

CHANGES = "shift:0.1,rotate:15,scale:0.15,shear:10"
"""What digits survive: no mirror images, little turning."""
TARGET = "0.2"
"""Below the 0.3 of this discriminator on all of MNIST; with the 0.6 of ADA (Karras et al. 2020), nothing is gained."""


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="quickstart", help="default: %(default)s")
    parser.add_argument("--images", type=int, default=720_000, help="budget of each training; default %(default)s")
    parser.add_argument("--limit", type=int, default=4_132, help="images of the small sets; default %(default)s")
    parser.add_argument("--scores", type=int, default=12, help="along each training; default %(default)s")
    parser.add_argument("--count", type=int, default=10_000, help="images of each score; default %(default)s")
    parser.add_argument("--augment", default=CHANGES, help="default: %(default)s")
    parser.add_argument("--target", default=TARGET, help="default: %(default)s")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    if given.scores < 1:
        parser.error(f"--scores is {given.scores}, but it must be at least 1.")
    console = Console(soft_wrap=True)
    few = ("--limit", str(given.limit))
    adaptive = (*few, "--augment", given.augment, "--augment-target", given.target)
    curves: dict[str, list[list[float]]] = {}
    floor = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, flags in (("all images", ()), (f"{given.limit:,}", few), (f"{given.limit:,}, adaptive", adaptive)):
            console.rule(f"{given.preset}: {name}")
            try:
                scores = train_scored(
                    Path(folder) / str(len(curves)), given.data_dir, given.images // given.scores,
                    "--preset", given.preset, "--images", str(given.images), "--score-count", str(given.count), *flags,
                )  # fmt: skip
            except subprocess.CalledProcessError:
                return 2
            floor = scores[0]["floor_frechet_distance"]
            curves[name] = [[score["images"], score["frechet_distance"]] for score in scores]
            if given.json:
                facts = {"preset": given.preset, "limit": given.limit, "augment": given.augment, "count": given.count}
                write_text(given.json, json.dumps(facts | {"floor": floor, "curves": curves}, indent=1) + "\n")
    table = Table("images seen", *curves, title=f"Fréchet distance (floor {floor:.4f})")
    for row in zip(*curves.values(), strict=True):
        table.add_row(f"{row[0][0]:,.0f}", *(f"{distance:.4f}" for _, distance in row))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
