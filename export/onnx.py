"""Export a run's generator, or its discriminator, to one verified ONNX file: `python -m export.onnx [RUN_DIR]`.

The file takes its name only after onnxruntime and torch have computed the same images, or the same scores. With
`--vectors`, inputs and their outputs are written beside it, so that any runtime can be checked;
`python -m export.onnx MODEL.onnx --vectors` writes those of a file that exists.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitforge.errors import ExportError, exit_status
from digitforge.files import user_path
from digitforge.progress import spinner
from export.contract import Precision
from export.runtime.discriminator import DISCRIMINATOR_FILE
from export.runtime.generator import GENERATOR_FILE, open_generator
from export.runtime.vectors import write_vectors

if TYPE_CHECKING:
    from export.convert.exporter import Exported


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.onnx", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "run_dir",
        type=user_path,
        nargs="?",
        metavar="RUN_DIR|MODEL.onnx",
        help="a run that training wrote (default: the newest below runs/), or with --vectors an exported file",
    )
    parser.add_argument(
        "--out", type=user_path, metavar="FILE",
        help=f"file to write (default: RUN_DIR/{GENERATOR_FILE} or {DISCRIMINATOR_FILE})",
    )  # fmt: skip
    parser.add_argument(
        "--discriminator", action="store_true",
        help="export the discriminator, from the newest checkpoint, instead of the generator",
    )  # fmt: skip
    parser.add_argument(
        "--precision", choices=get_args(Precision), default="fp32", help="precision of the weights (default: fp32)"
    )
    parser.add_argument(
        "--smooth", type=float, default=0.0, metavar="SIGMA",
        help="add a Gaussian filter of this sigma, in pixels (default: 0, no filter)",
    )  # fmt: skip
    parser.add_argument(
        "--opset", type=int, default=20, metavar="N",
        help="operator set, 13 to 20; older runtimes need a lower one (default: 20)",
    )  # fmt: skip
    parser.add_argument(
        "--batch",
        type=int,
        metavar="N",
        help="the only batch size of the file, for runtimes that need one (default: any)",
    )
    parser.add_argument(
        "--vectors", action="store_true", help="write test vectors beside the file, in ONNX's folder test_data_set_0"
    )
    parser.add_argument(
        "--data-dir", type=user_path, metavar="DIR",
        help="folder with the data set of the run, whose test images calibrate a discriminator",
    )  # fmt: skip
    given = parser.parse_args(arguments)

    def command() -> None:
        if given.run_dir is not None and given.run_dir.is_file():
            _write_vectors_of(given)
            return
        if given.batch is not None and given.batch < 1:
            raise ExportError(f"--batch is {given.batch}, but it must be at least 1.")
        from export.convert.exporter import export_generator, find_weights  # loads torch, which --help does not need

        if given.discriminator and (given.smooth, given.opset, given.batch, given.vectors) != (0.0, 20, None, False):
            raise ExportError(
                "--smooth, --opset, --batch and --vectors are for generators: leave them out with --discriminator."
            )
        if given.data_dir is not None and not given.discriminator:
            raise ExportError("--data-dir is for --discriminator: a generator is exported without images.")
        weights = find_weights(given.run_dir)
        if given.run_dir is None:
            print(f"Exporting the newest run, {weights.parent}", file=sys.stderr)
        if given.discriminator:
            _export_discriminator(weights.parent, given)
            return
        out = given.out or weights.with_name(GENERATOR_FILE)
        with spinner(Console(stderr=True)) as show:
            exported = export_generator(
                weights, out, given.precision, given.smooth, given.opset, given.batch or 0, show
            )
            vectors = write_vectors(open_generator(out, "cpu"), out) if given.vectors else None
        Console(soft_wrap=True).print(_summary(out, exported, given.precision))
        if vectors:
            print(f"Wrote {vectors}.")

    return exit_status(command)


def _write_vectors_of(given: argparse.Namespace) -> None:
    """Write the test vectors of a file that exists."""
    if not given.vectors:
        raise ExportError(f"{given.run_dir} is a file: name a run directory, or write its test vectors with --vectors.")
    others = (given.out, given.batch) != (None, None) or (given.precision, given.smooth, given.opset) != (
        "fp32",
        0.0,
        20,
    )
    if others:
        raise ExportError(f"{given.run_dir} is exported already: only --vectors applies to it.")
    print(f"Wrote {write_vectors(open_generator(given.run_dir, 'cpu'), given.run_dir)}.")


def _export_discriminator(run_dir: Path, given: argparse.Namespace) -> None:
    from export.convert.discriminator import export_discriminator

    out = given.out or run_dir / DISCRIMINATOR_FILE
    with spinner(Console(stderr=True)) as show:
        exported = export_discriminator(run_dir, out, given.precision, given.data_dir, show)
    measured, result = exported.calibration, exported.parity
    table = Table(title=Text(f"{out}, verified"), show_header=False)
    for name, value in {
        "size": f"{exported.size / 2**20:.2f} MiB, {exported.nodes} nodes, {given.precision}",
        "largest error": f"{result.largest_error:.1g} (allowed: {result.allowed(given.precision):.1g})",
        "judged": exported.calibrated_on,
        "right about": f"{measured.accuracy:.1%} of those that it was not calibrated with",
        "calibration error": f"{measured.error:.3f}",
    }.items():
        table.add_row(name, value)
    Console(soft_wrap=True).print(table)


def _summary(out: Path, exported: Exported, precision: Precision) -> Table:
    result = exported.parity
    table = Table(title=Text(f"{out}, verified"), show_header=False)  # as Text: a file name is not markup
    for name, value in {
        "size": f"{exported.size / 2**20:.2f} MiB, {exported.nodes} nodes, {precision}",
        "largest error": f"{result.largest_error:.1g} (allowed: {result.allowed(precision):.1g})",
        "differing pixels": f"{result.pixels_differing:.3%}, by at most {result.largest_pixel_error} of 255",
        "time per image": f"{exported.runtime_ms:.3f} ms in onnxruntime, {exported.torch_ms:.3f} ms in torch "
        "(CPU, batches of 64)",
    }.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    sys.exit(main())
