"""Export a run's generator to one verified ONNX file: `python -m export.onnx [RUN_DIR] [--out FILE]`.

The file is renamed into place only after onnxruntime has agreed with torch on it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from torch import Tensor, nn

from digitforge.errors import ExportError, exit_status
from digitforge.files import atomic_file, write_bytes
from digitforge.newest_run import newest_run
from export.contract import IMAGE, PIXELS, GeneratorInfo
from export.convert import parity
from export.convert.graph import to_onnx, write
from export.convert.provenance import describe
from export.runtime.generator import GENERATOR_FILE, Generator, open_generator
from export.runtime.latents import labels_of, latents, one_hot
from trainer.networks.gaussian import GaussianFilter, most_sigma
from trainer.networks.generator_file import GENERATOR_WEIGHTS, load_generator
from trainer.networks.pixels import to_pixels

TIMED_BATCH = 64
TIMED_CALLS = 9


class Exportable(nn.Module):
    """The contract's signature around a generator: (z, y) -> (image, pixels).

    smooth: sigma in pixels of a Gaussian filter over the image; 0 leaves it as it is.
    """

    def __init__(self, generator: nn.Module, smooth: float = 0.0) -> None:
        super().__init__()
        self.generator = generator
        self.filter = GaussianFilter(smooth) if smooth else nn.Identity()

    def forward(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """z: [batch, latent], y: [batch, classes] -> the contract's image and pixels."""
        image = self.filter(self.generator(z, y))
        pixels = to_pixels(image)
        return image, pixels.squeeze(1) if image.shape[1] == 1 else pixels.permute(0, 2, 3, 1)


@dataclass(frozen=True)
class Exported:
    """A verified file."""

    info: GeneratorInfo
    parity: parity.Parity
    size: int
    """Bytes."""
    nodes: int
    torch_ms: float
    """Milliseconds an image of torch (eager), in batches of 64 on the CPU."""
    runtime_ms: float
    """The same of onnxruntime."""


Step = Callable[[str], None]


def export_generator(
    weights: Path, out: Path, precision: str = "fp32", smooth: float = 0.0, step: Step = lambda _: None
) -> Exported:
    """Write the generator in `weights` to `out`, verified.

    precision: "fp32", or "fp16" for weights of half the size behind float32 inputs and outputs.
    smooth: sigma in pixels of a Gaussian filter that becomes a part of the graph, 0 to 3; 0 is none.
    step: told what is being done.
    Raises WeightsError for unusable weights, ExportError where the file does not compute what they do; then nothing is
    left but `failed_report(out)`, and what stood at `out` stays.
    """
    step("building the generator")
    trained = load_generator(weights)
    limit = most_sigma(trained.images.size)
    if not 0 <= smooth <= limit:
        raise ExportError(f"--smooth is {smooth:g}, but for these images it must be between 0 and {limit:g}.")
    exportable = Exportable(trained.module, smooth).eval()
    info = describe(trained, weights, precision, smooth)
    result = None
    try:
        step("exporting")
        example = {name: torch.zeros(2, int(shape[1])) for name, shape in info.inputs().items()}
        model = to_onnx(exportable, example, [IMAGE, PIXELS], precision)
        with atomic_file(out) as temporary:
            write(model, info.to_metadata(), temporary)
            opened = open_generator(temporary, provider="cpu")
            result = parity.compare(exportable, opened, lambda done, of: step(f"holding it against torch, {done}/{of}"))
            parity.require(result, precision)
            step("timing")
            torch_ms, runtime_ms = _milliseconds(exportable, opened)
            measured = {
                "parity_largest_error": f"{result.largest_error:.3g}",
                "parity_pixels_differing": f"{result.pixels_differing:.3g}",
            }
            info = replace(info, provenance={**info.provenance, **measured})
            write(model, info.to_metadata(), temporary)
    except ExportError as error:
        report = {"failed": str(error), "cases": [asdict(case) for case in result.cases] if result else []}
        content = json.dumps(report | {"metadata": info.to_metadata()}, indent=2) + "\n"
        write_bytes(failed_report(out), content.encode())
        raise ExportError(f"{error} No file was written; {failed_report(out)} says more.") from error
    failed_report(out).unlink(missing_ok=True)
    return Exported(info, result, out.stat().st_size, len(model.graph.node), torch_ms, runtime_ms)


def failed_report(out: Path) -> Path:
    """Where a failed export of `out` leaves its report."""
    return out.with_name(out.name + ".failed.json")


@torch.no_grad()
def _milliseconds(exportable: nn.Module, opened: Generator) -> tuple[float, float]:
    """Milliseconds an image of torch and of onnxruntime, in turns; medians."""
    z = latents(opened.info, 0, 0, TIMED_BATCH)
    classes = len(opened.info.classes)
    y = one_hot(labels_of(opened.info, (), 0, TIMED_BATCH), classes) if classes else None
    inputs = [torch.from_numpy(array) for array in (z, y) if array is not None]
    times: tuple[list[float], list[float]] = [], []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        exportable(*inputs)
        middle = time.perf_counter()
        opened.generate_pixels(z, y)
        times[0].append(middle - start)
        times[1].append(time.perf_counter() - middle)
    eager, runtime = (statistics.median(part) * 1e3 / TIMED_BATCH for part in times)
    return eager, runtime


def _summary(out: Path, exported: Exported, precision: str) -> Table:
    result = exported.parity
    table = Table(title=Text(f"{out}, verified"), show_header=False)  # as Text: a name is no markup
    for name, value in {
        "size": f"{exported.size / 2**20:.2f} MiB, {exported.nodes} nodes, {precision}",
        "largest error": f"{result.largest_error:.1g} (allowed: {result.allowed(precision):.1g})",
        "pixels that differ": f"{result.pixels_differing:.3%}, by {result.largest_pixel_error} of 255 at most",
        "an image": f"{exported.runtime_ms:.3f} ms in onnxruntime, {exported.torch_ms:.3f} ms in torch "
        f"(CPU, batches of {TIMED_BATCH})",
    }.items():
        table.add_row(name, value)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.onnx", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "run_dir", type=Path, nargs="?", help="A run directory that training wrote (default: the newest below runs/)."
    )
    parser.add_argument("--out", type=Path, help=f"The file to write (default: RUN_DIR/{GENERATOR_FILE}).")
    parser.add_argument("--precision", choices=tuple(parity.TOLERANCE), default="fp32")
    parser.add_argument("--smooth", type=float, default=0.0, metavar="SIGMA", help="Gaussian filter, in pixels.")
    given = parser.parse_args(arguments)

    def command() -> None:
        run_dir = given.run_dir
        if run_dir is None:
            run_dir = newest_run(GENERATOR_WEIGHTS)
            print(f"Exporting the newest run, {run_dir}", file=sys.stderr)
        if not run_dir.is_dir():
            raise ExportError(f"There is no run directory {run_dir}.")
        out = given.out or run_dir / GENERATOR_FILE
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        terminal = Console(stderr=True)
        with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
            task = progress.add_task("")
            exported = export_generator(
                run_dir / GENERATOR_WEIGHTS, out, given.precision, given.smooth,
                lambda what: progress.update(task, description=what),
            )  # fmt: skip
        Console(soft_wrap=True).print(_summary(out, exported, given.precision))

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
