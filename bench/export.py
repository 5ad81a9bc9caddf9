"""Time torch and onnxruntime on one generator: `python -m bench.export [RUN_DIR] [--device D] [--json FILE]`.

Measures milliseconds per image for torch (eager), torch (compiled) and onnxruntime with the same generator, in turns so
that all three see the same load on the machine. Without a run, the preset's untrained generator is timed, which takes
as long.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.train import MNIST_FORMAT
from digitforge.errors import ExportError, exit_status
from digitforge.files import write_json
from export.convert.exporter import Exportable, export_generator
from export.runtime.arrays import Float32
from export.runtime.generator import open_generator
from export.runtime.latents import labels_of, latents, one_hot
from trainer.networks import build_generator
from trainer.networks.generator_file import GENERATOR_WEIGHTS, TrainedGenerator, load_generator, save_generator
from trainer.presets import configure

BATCHES = (1, 16, 64, 256)
WARM_UP = 3


def medians_ms(calls: dict[str, Callable[[], object]], rounds: int, device: str) -> dict[str, float]:
    """Make each call in turns; return the median milliseconds of each over the rounds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + WARM_UP):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if device == "cuda":
                torch.cuda.synchronize()
            if number >= WARM_UP:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(some) * 1e3 for name, some in times.items()}


def measure(weights: Path, device: str, seconds: float) -> list[dict[str, Any]]:
    """Return a row for each batch size, with the milliseconds per image of each runner."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generator.onnx"
        export_generator(weights, file)
        opened = open_generator(file, provider=device)
    eager = Exportable(load_generator(weights).module).eval().to(device)
    compiled = torch.compile(eager)
    info, classes = opened.info, len(opened.info.classes)

    def run_torch(module: Any, z: Float32, y: Float32 | None) -> object:
        """Run the module from numpy arrays to numpy arrays, as a viewer would."""
        inputs = [torch.from_numpy(array).to(device) for array in (z, y) if array is not None]
        return module(*inputs)[1].cpu().numpy()

    rows = []
    for batch in track(BATCHES, "timing", console=Console(stderr=True), transient=True):
        z = latents(info, 0, 0, batch)
        y = one_hot(labels_of(info, (), 0, batch), classes) if classes else None
        calls: dict[str, Callable[[], object]] = {
            "torch": partial(run_torch, eager, z, y),
            "compiled": partial(run_torch, compiled, z, y),
            "onnxruntime": partial(opened.generate_pixels, z, y),
        }
        with torch.no_grad():
            once = medians_ms(calls, 2, device)
            rounds = max(5, round(seconds * 1e3 / sum(once.values())))
            of_a_batch = medians_ms(calls, rounds, device)
        rows.append({"batch": batch, "rounds": rounds} | {name: ms / batch for name, ms in of_a_batch.items()})
    return rows


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the times."""
    if given.device == "cuda" and not torch.cuda.is_available():
        raise ExportError("torch sees no GPU here: leave out --device cuda.")
    with tempfile.TemporaryDirectory() as folder:
        weights = (given.run_dir or Path(folder)) / GENERATOR_WEIGHTS
        if given.run_dir is None:
            config = configure(given.preset, {})
            module = build_generator(config, MNIST_FORMAT).eval()
            save_generator(weights, TrainedGenerator(module, config, MNIST_FORMAT, 0))
        rows = measure(weights, given.device, given.seconds)
    name = str(given.run_dir or given.preset)
    table = Table("batch", "torch", "compiled", "onnxruntime", title=f"{name} on {given.device}: ms per image")
    for row in rows:
        table.add_row(str(row["batch"]), *(f"{row[key]:.3f}" for key in ("torch", "compiled", "onnxruntime")))
    Console().print(table)
    at_64 = next(row for row in rows if row["batch"] == 64)
    ratio = at_64["torch"] / at_64["onnxruntime"]
    if given.json:
        threads = torch.get_num_threads()
        values = {"generator": name, "device": given.device, "torch_threads": threads, "rows": rows, "ratio": ratio}
        write_json(given.json, values)
    print(f"time at batches of 64, torch / onnxruntime: {ratio:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run_dir", type=Path, nargs="?", help="default: the preset's generator before training")
    parser.add_argument("--preset", default="quickstart", help="default: %(default)s")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=6.0, help="for each batch size; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the times there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
