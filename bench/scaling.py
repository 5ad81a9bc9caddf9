"""Measure how the cost of training grows: `python -m bench.scaling [--seconds S] [--json FILE]`.

Measures images per second of quickstart and dcgan by batch size, width and number of CPU processes, and the size of a
step's gradients, which data-parallel processes have to exchange.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.train import MNIST_FORMAT, apart, images_per_s, ours
from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from trainer import launch
from trainer.command_line import launcher
from trainer.data import datasets
from trainer.networks import build_discriminator, build_generator
from trainer.presets import configure
from trainer.report.log import read_log

PRESETS = ("quickstart", "dcgan")
BATCHES = (32, 64, 128, 256, 512)
WIDTHS = (0.5, 1.0, 2.0)
PROCESSES = ((1, 1), (1, 2), (2, 1))
"""Number of processes, and threads of each."""


def speed(preset: str, batch_size: int, width: float, seconds: float) -> float:
    """Return images per second. width: multiplies the preset's."""
    base = configure(preset, {})
    widths = {"g_width": round(base.g_width * width), "d_width": round(base.d_width * width)}
    config = configure(preset, {"batch_size": batch_size, **widths})
    accelerator = launch.start(config)
    next_step = ours(config, datasets.load("sklearn-digits", None), accelerator)
    for _ in range(3):
        next_step()
    return images_per_s(next_step, batch_size, seconds)


def gradient_mib(preset: str, width: float) -> dict[str, float]:
    """Return the MiB of each network's float32 gradients, which processes exchange once a step."""
    base = configure(preset, {})
    config = configure(preset, {"g_width": round(base.g_width * width), "d_width": round(base.d_width * width)})
    networks = {"G": build_generator(config, MNIST_FORMAT), "D": build_discriminator(config, MNIST_FORMAT)}
    return {name: sum(p.numel() for p in module.parameters()) * 4 / 2**20 for name, module in networks.items()}


def launched(preset: str, processes: int, threads: int) -> float:
    """Launch CPU processes and return their images per second, from the log."""
    with tempfile.TemporaryDirectory() as folder:
        command = (
            *launcher(processes), "--preset", preset, "--dataset", "sklearn-digits", "--batch-size", "128",
            "--images", "19200", "--log-every", "6400", "--sample-every", "1e6", "--threads", str(threads),
            "--run-dir", folder + "/run",
        )  # fmt: skip
        environment = os.environ | {"ACCELERATE_USE_CPU": "true"}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RunError(f"A training of {processes} processes failed: {done.stderr}")
        points, _ = read_log(Path(folder) / "run" / "log.jsonl")
    return float(points[1]["images_per_s"])


def measure(preset: str, seconds: float) -> dict[str, Any]:
    """Return one preset's measurements. seconds: for each."""
    base = configure(preset, {}).batch_size
    return {
        "preset": preset,
        "batch": {str(size): apart(speed, preset, size, 1.0, seconds) for size in BATCHES},
        "width": {str(width): apart(speed, preset, base, width, seconds) for width in WIDTHS},
        "gradient_MiB": {str(width): gradient_mib(preset, width) for width in WIDTHS},
        "processes x threads": {f"{n} x {threads}": launched(preset, n, threads) for n, threads in PROCESSES},
    }


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    rows = [measure(preset, given.seconds) for preset in track(PRESETS, "measuring")]
    console = Console()
    for row in rows:
        table = Table("", *[str(size) for size in BATCHES], title=f"{row['preset']}, images/s")
        table.add_row("batch", *(f"{value:,.0f}" for value in row["batch"].values()))
        console.print(table)
        console.print({key: row[key] for key in ("width", "gradient_MiB", "processes x threads")})
    if given.json:
        write_json(given.json, rows)
    for row in rows:
        group = row["processes x threads"]
        print(f"{row['preset']}, images/s, two processes / one: {group['2 x 1'] / group['1 x 1']:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.scaling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5, help="for each measurement; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
