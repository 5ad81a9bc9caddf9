"""Export a trained generator to one ONNX file that is verified against torch."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from digitforge.errors import ExportError
from digitforge.files import atomic_file, write_json
from digitforge.newest_run import newest_run
from export.contract import IMAGE, PIXELS, GeneratorInfo, Precision
from export.convert import parity
from export.convert.graph import to_onnx
from export.convert.opset import OPSET, OPSETS
from export.convert.provenance import describe
from export.convert.writing import write_generator
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import labels_of, latents, one_hot
from export.safety.budget import BATCH_LIMIT
from trainer.networks.gaussian import GaussianFilter, most_sigma
from trainer.networks.generator_file import GENERATOR_WEIGHTS, load_generator
from trainer.networks.pixels import to_pixels

TIMED_BATCH = 64
TIMED_CALLS = 9


class Exportable(nn.Module):
    """A generator with the signature of the contract: (z, y) -> (image, pixels).

    smooth: sigma in pixels of a Gaussian filter over the image; 0 for none.
    """

    def __init__(self, generator: nn.Module, smooth: float = 0.0) -> None:
        super().__init__()
        self.generator = generator
        self.filter = GaussianFilter(smooth) if smooth else nn.Identity()

    def forward(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the contract's image and pixels for z [batch, latent] and y [batch, classes]."""
        image = self.filter(self.generator(z, y))
        pixels = to_pixels(image)
        return image, pixels.squeeze(1) if image.shape[1] == 1 else pixels.permute(0, 2, 3, 1)


@dataclass(frozen=True)
class Exported:
    """A verified file, and what was measured while it was exported."""

    info: GeneratorInfo
    parity: parity.Parity
    size: int
    """Size of the file in bytes."""
    nodes: int
    """Number of operators in the graph."""
    torch_ms: float
    """Milliseconds per image in torch (eager) on the CPU, in batches of 64."""
    runtime_ms: float
    """Milliseconds per image in onnxruntime, likewise."""


def find_weights(run_dir: Path | None) -> Path:
    """Return the generator's weights in `run_dir`, or in the newest run below `runs/` if it is None.

    Raises DigitforgeError if there is no such run.
    """
    run_dir = newest_run(GENERATOR_WEIGHTS) if run_dir is None else run_dir
    if not run_dir.is_dir():
        raise ExportError(f"There is no run directory {run_dir}.")
    return run_dir / GENERATOR_WEIGHTS


def export_generator(
    weights: Path,
    out: Path,
    precision: Precision = "fp32",
    smooth: float = 0.0,
    opset: int = OPSET,
    batch: int = 0,
    on_phase: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Export the generator in `weights` to `out` and verify the file before it takes that name.

    precision: "fp32", or "fp16" for weights of half the size; inputs and outputs are float32 in both.
    smooth: sigma in pixels, 0 to 3, of a Gaussian filter that becomes part of the graph; 0 for none.
    opset: operator set of the file, one of `export.convert.opset.OPSETS`.
    batch: the only number of images that the file makes at once; 0 for any.
    on_phase: called with a description of each phase of the work.
    Raises WeightsError if the weights are unusable, and ExportError if the file does not compute the same images as
    torch. In that case an existing file at `out` is unchanged and `failed_report(out)` holds every measurement.
    """
    if opset not in OPSETS:
        raise ExportError(f"--opset is {opset}, but it must be between {OPSETS[0]} and {OPSETS[-1]}.")
    if not 0 <= batch <= BATCH_LIMIT:
        raise ExportError(f"--batch is {batch}, but it must be between 1 and {BATCH_LIMIT}.")
    on_phase("building the generator")
    trained = load_generator(weights)
    limit = most_sigma(trained.image_format.size)
    if not 0 <= smooth <= limit:
        raise ExportError(f"--smooth is {smooth:g}, but for these images it must be between 0 and {limit:g}.")
    exportable = Exportable(trained.module, smooth).eval()
    info = describe(trained, weights, precision, smooth)
    result = None
    try:
        on_phase("exporting")
        example = {name: torch.zeros(batch or 2, int(shape[1])) for name, shape in info.inputs().items()}
        model = to_onnx(exportable, example, [IMAGE, PIXELS], precision, opset, batch > 0)
        with atomic_file(out) as temporary:
            info = write_generator(model, info, temporary)
            opened = open_generator(temporary, provider="cpu")
            result = parity.compare(exportable, opened, lambda done, of: on_phase(f"comparing to torch, {done}/{of}"))
            parity.require(result, precision)
            on_phase("timing")
            torch_ms, runtime_ms = _milliseconds(exportable, opened)
            measured = {
                "parity_largest_error": f"{result.largest_error:.3g}",
                "parity_pixels_differing": f"{result.pixels_differing:.3g}",
            }
            info = write_generator(model, replace(info, provenance={**info.provenance, **measured}), temporary)
    except ExportError as error:
        cases = [asdict(case) for case in result.cases] if result else []
        write_json(failed_report(out), {"failed": str(error), "cases": cases, "metadata": info.to_metadata()})
        raise ExportError(f"{error} No file was written; see {failed_report(out)} for details.") from error
    failed_report(out).unlink(missing_ok=True)
    return Exported(info, result, out.stat().st_size, len(model.graph.node), torch_ms, runtime_ms)


def failed_report(out: Path) -> Path:
    """Return the path of the report that a failed export of `out` leaves."""
    return out.with_name(out.name + ".failed.json")


@torch.no_grad()
def _milliseconds(exportable: nn.Module, opened: Generator) -> tuple[float, float]:
    """Median milliseconds per image of torch and of onnxruntime, called in turn."""
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
