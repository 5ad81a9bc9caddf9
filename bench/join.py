"""Time the joining of shards: `python -m bench.join [--shards N] [--images N] [--json FILE]`.

The shards are those of ten million digits in 64 parts. Their images are 8,192 images of the bundled generator again and
again, so that making them takes seconds and they compress as generated digits do. `python -m export.sample --join` is
timed with its start. For the smallest number of shards, so is NumPy: load, concatenate, `np.savez_compressed`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import numpy as np
from rich.console import Console

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from digitforge.progress import bar
from export.datasets.dataset import write_dataset
from export.datasets.sampling import SampleRequest
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import BLOCK, labels_of, latents, one_hot

SHARDS = 64
IMAGES = 10_000_000
DIFFERENT = 32 * BLOCK
NUMPY = """
import sys
import numpy as np
parts = [np.load(path) for path in sys.argv[2:]]
np.savez_compressed(sys.argv[1], **{name: np.concatenate([part[name] for part in parts]) for name in parts[0].files})
"""

WATCH = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Measures a command in a small process: a child's peak counts from the moment at which it is still its parent."""


class Repeated:
    """A generator that returns the same images again and again."""

    def __init__(self, generator: Generator) -> None:
        self.info, self.path, self.provider = generator.info, generator.path, generator.provider
        self._blocks = [
            generator.generate_pixels(
                latents(self.info, 0, first, BLOCK),
                one_hot(labels_of(self.info, (), first, BLOCK), len(self.info.classes)),
            )
            for first in range(0, DIFFERENT, BLOCK)
        ]
        self._next = 0

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:  # noqa: ARG002
        """Return the next block."""
        self._next += 1
        return self._blocks[self._next % len(self._blocks)]


def timed(command: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds and the most memory that it held, in MiB."""
    done = subprocess.run([sys.executable, "-c", WATCH, *command], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"The command failed: {done.stderr}")
    seconds, peak_kib = done.stdout.split()[-2:]
    return float(seconds), int(peak_kib) / 1024


def measure(folder: Path, shards: int, images: int, compare: bool, console: Console) -> dict[str, Any]:
    """Make and join the shards in `folder`. shards: how many of the 64. compare: with NumPy."""
    count = images * shards // SHARDS
    generator = cast(Generator, Repeated(open_generator(BUNDLED_MODEL)))
    with bar(console, "making shards", shards) as progress:
        for part in range(1, shards + 1):
            write_dataset(generator, SampleRequest(count, shard=(part, shards)), folder / f"{part}.npz", "npz")
            progress.advance()
    paths = [folder / f"{part}.npz" for part in range(1, shards + 1)]
    size, raw = sum(path.stat().st_size for path in paths), count * (28 * 28 + 8)
    out = folder / "joined" / "all.npz"
    join_s, join_mib = timed([sys.executable, "-m", "export.sample", "--join", str(folder), "--out", str(out)])
    numpy = {}
    if compare:
        seconds, mib = timed([sys.executable, "-c", NUMPY, str(folder / "joined" / "numpy.npz"), *map(str, paths)])
        numpy = {"seconds": round(seconds, 2), "npz_MB_per_s": round(size / 1e6 / seconds), "peak_MiB": round(mib)}
    with np.load(out) as joined:
        assert len(joined["labels"]) == count
    return {
        "shards": shards,
        "images": count,
        "npz_MB": round(size / 1e6, 1),
        "arrays_MB": round(raw / 1e6, 1),
        "join": {"seconds": round(join_s, 2), "npz_MB_per_s": round(size / 1e6 / join_s), "peak_MiB": round(join_mib)},
        "numpy": numpy,
    }  # fmt: skip


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    console = Console()
    rows = []
    for shards in given.shards:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            rows.append(measure(Path(folder), shards, given.images, shards == min(given.shards), console))
        console.print(rows[-1])
    if given.json:
        write_json(given.json, rows)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.join", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shards", type=int, nargs="+", default=[2, 24], metavar="N", help="how many of the 64 to join"
    )
    parser.add_argument(
        "--images", type=int, default=IMAGES, metavar="N", help="images of all 64 (default: ten million)"
    )
    parser.add_argument(
        "--folder", type=Path, help="where to write the shards (default: the system's temporary folder)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
