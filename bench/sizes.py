"""Measure networks by image size: `python -m bench.sizes [--sizes N ...] [--json FILE]`.

For the families whose depth follows the size, with the settings of `quickstart`: parameters of both networks, size of
generator.safetensors, and images per second of CPU time in training, on one thread: other programs then hardly
count. The training images are noise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from bench.train import apart, ours
from digitforge.errors import exit_status
from digitforge.files import user_path, write_json
from trainer import launch
from trainer.config import ImageFormat, TrainConfig
from trainer.data.datasets import Source
from trainer.networks import build_discriminator, build_generator
from trainer.networks.generator_file import TrainedGenerator, save_generator
from trainer.presets import configure
from trainer.report.tables import plain_table, print_whole

SIZES = (28, 32, 48, 64, 96, 128)
FAMILIES = ("conv", "residual")
CLASSES = tuple("0123456789")


def measure(network: str, size: int, seconds: float) -> dict[str, Any]:
    """Return the figures of one family at one size. It needs a process of its own, as `bench.train.apart` gives it."""
    config = configure("quickstart", {"network": network, "image_size": size, "threads": 1})
    images = ImageFormat(1, size, CLASSES)
    networks = build_generator(config, images), build_discriminator(config, images)
    counts = [sum(weight.numel() for weight in each.parameters()) for each in networks]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generator.safetensors"
        save_generator(path, TrainedGenerator(networks[0], config, images, 0))
        file_bytes = path.stat().st_size
    return {
        "network": network, "size": size, "g_parameters": counts[0], "d_parameters": counts[1],
        "file_bytes": file_bytes, "images_per_s": images_per_s(config, images, seconds),
    }  # fmt: skip


def images_per_s(config: TrainConfig, images: ImageFormat, seconds: float) -> float:
    """Train on noise for at least `seconds` of CPU time, in whole cycles of the gradient penalty."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (config.batch_size * 4, images.channels, images.size, images.size), np.uint8)
    labels = draw.integers(0, len(images.classes), len(pixels))
    step = ours(config, Source("noise", pixels, labels, images), launch.start(config))
    step()
    begin, steps = time.process_time(), 0
    while time.process_time() - begin < seconds:
        for _ in range(config.penalty_every):
            step()
        steps += config.penalty_every
    return steps * config.batch_size / (time.process_time() - begin)


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    console = Console()
    cases = [(network, size, given.seconds) for network in FAMILIES for size in given.sizes]
    rows = [apart(measure, *case) for case in track(cases, "training", console=console)]
    table = plain_table("network", "size", "parameters, G", "parameters, D", "file, MB", "images/s of CPU time")
    for row in rows:
        table.add_row(
            row["network"], str(row["size"]), f"{row['g_parameters']:,}", f"{row['d_parameters']:,}",
            f"{row['file_bytes'] / 1e6:.1f}", f"{row['images_per_s']:,.0f}",
        )  # fmt: skip
    print_whole(table, console)
    if given.json:
        write_json(given.json, rows)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sizes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=6, help="of training for each; default: %(default)s")
    parser.add_argument("--json", type=user_path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
