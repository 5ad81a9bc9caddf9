"""How the cost of training grows: `python -m bench.scaling [--seconds S] [--json FILE]`.

Images per second of quickstart and dcgan against batch size, width and CPU processes, and what a step's gradients
weigh, which is what data-parallel processes have to exchange.
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
"""(processes, threads of each)."""


def speed(preset: str, batch_size: int, width: float, seconds: float) -> float:
    """Images per second; width multiplies the preset's."""
    base = configure(preset, {})
    widths = {"g_width": round(base.g_width * width), "d_width": round(base.d_width * width)}
    config = configure(preset, {"batch_size": batch_size, **widths})
    accelerator = launch.start(config)
    next_step = ours(config, datasets.load("sklearn-digits", None), accelerator)
    for _ in range(3):
        next_step()
    return images_per_s(next_step, batch_size, seconds)


def gradient_mib(preset: str, width: float) -> dict[str, float]:
    """MiB of float32 gradients of each network: what every process sends and receives once a step."""
    base = configure(preset, {})
    config = configure(preset, {"g_width": round(base.g_width * width), "d_width": round(base.d_width * width)})
    networks = {"G": build_generator(config, MNIST_FORMAT), "D": build_discriminator(config, MNIST_FORMAT)}
    return {name: sum(p.numel() for p in module.parameters()) * 4 / 2**20 for name, module in networks.items()}


def launched(preset: str, processes: int, threads: int) -> float:
    """Images per second of a real launch of CPU processes, from its log."""
    with tempfile.TemporaryDirectory() as folder:
        command = (
            *launcher(processes), "--preset", preset, "--dataset", "sklearn-digits", "--batch-size", "128",
            "--images", "19200", "--log-every", "6400", "--sample-every", "1e6", "--threads", str(threads),
            "--run-dir", folder + "/run",
        )  # fmt: skip
        subprocess.run(command, env=os.environ | {"ACCELERATE_USE_CPU": "true"}, check=True, capture_output=True)
        points, _ = read_log(Path(folder) / "run" / "log.jsonl")
    return float(points[1]["images_per_s"])


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="for each point; default %(default)s")
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for preset in track(PRESETS, "measuring"):
        base = configure(preset, {}).batch_size
        rows.append(
            {
                "preset": preset,
                "batch": {str(size): apart(speed, preset, size, 1.0, given.seconds) for size in BATCHES},
                "width": {str(width): apart(speed, preset, base, width, given.seconds) for width in WIDTHS},
                "gradient_MiB": {str(width): gradient_mib(preset, width) for width in WIDTHS},
                "processes x threads": {f"{n} x {threads}": launched(preset, n, threads) for n, threads in PROCESSES},
            }
        )
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
        print(f"{row['preset']}: two processes / one of one thread = {group['2 x 1'] / group['1 x 1']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
