"""Report what runs generators here, why not CUDA, and how fast: `python -m export.doctor [MODEL.onnx] [--json FILE]`.

The exit status is 1 if something is broken. Having no GPU is not broken.
"""

from __future__ import annotations

import argparse
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitforge.bundled import BUNDLED_MODEL
from digitforge.cpus import usable_cpus
from digitforge.errors import DigitforgeError, ExportError, exit_status
from digitforge.files import user_path, write_json
from digitforge.hashing import sha256
from digitforge.progress import spinner
from export.runtime.latents import labels_of, latents, one_hot
from export.runtime.providers import CPU, CUDA, Facts, Finding, explain, look
from export.runtime.sidecar import OPTION_HELP as ASSUME_HELP

if TYPE_CHECKING:
    from export.runtime.generator import Generator

BATCHES = (1, 16, 64)
SECONDS = 0.5
"""Time to measure each batch size on each provider."""
AGREEMENT = {"fp32": 1e-4, "fp16": 1e-2}
"""Largest allowed difference of a value in [-1, 1] between CPU and CUDA, by the precision of the file.

The two add numbers in a different order. For fp32 this is ten times what an export allows on one CPU, and a tenth of
the error of TF32. Only CUDA computes fp16 in half precision.
"""
PROVENANCE = ("preset", "dataset", "images_seen", "precision", "licence", "producer")
OK, INFO, BROKEN = "ok", "info", "broken"

OnPhase = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    name: str
    value: str
    status: str = INFO
    """"ok" (works), "info" (a fact), "broken" (should work and does not)."""
    fix: str = ""
    """What to do; "" if there is nothing to do."""


@dataclass(frozen=True)
class Report:
    """The whole report."""

    rows: tuple[Row, ...]

    @property
    def broken(self) -> bool:
        """Whether anything is broken."""
        return any(row.status == BROKEN for row in self.rows)


def examine(model: Path | None, on_phase: OnPhase = lambda _: None) -> Report:
    """Examine the machine, the environment and a generator. This takes a few seconds, because latencies are measured.

    model: a file or run directory, or None. on_phase: called with a description of each phase.
    """
    on_phase("examining the machine")
    facts = look()
    finding = explain(facts)
    rows = _machine(facts, finding)
    if model is not None and CPU in facts.providers:
        rows += _model(model, finding, on_phase)
    return Report(tuple(rows))


def _machine(facts: Facts, finding: Finding) -> list[Row]:
    installed = ", ".join(f"{name} {number}" for name, number in facts.packages.items()) or "not installed"
    imported = f" (imported: {facts.version})" if facts.version else " (cannot be imported)" if facts.packages else ""
    sound = len(facts.packages) <= 1 and CPU in facts.providers
    gpus = ", ".join(facts.gpus) or "no GPU"
    providers = ", ".join(name.removesuffix("ExecutionProvider") for name in facts.providers)
    return [
        Row("digitforge", _version("digitforge") or "not installed, run from its source"),
        Row("Python", f"{platform.python_version()} on {platform.platform(terse=True)}, {platform.machine()}"),
        Row("CPU", f"{_cpu()}, {usable_cpus()} usable cores"),
        Row("onnxruntime", installed + imported, OK if sound else BROKEN),
        Row("built with", providers or "nothing"),
        Row("window", f"PySide6 {qt}" if (qt := _version("PySide6-Essentials")) else "PySide6 is not installed"),
        Row("NVIDIA driver", f"supports CUDA {facts.driver}, {gpus}" if facts.driver else "none"),
        Row("CUDA", "runs", OK) if finding.runs
        else Row("CUDA", f"does not run. {finding.reason}", BROKEN if finding.broken else INFO, finding.fix),
    ]  # fmt: skip


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    try:
        name = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:  # another system than Linux
        return platform.processor() or platform.machine()
    return name[1] if name else platform.machine()


def _model(path: Path, finding: Finding, on_phase: OnPhase) -> list[Row]:
    from export.runtime.generator import find_model, open_generator  # imports onnxruntime, which may be broken

    on_phase("opening the generator")
    try:
        file = find_model(path)
        opened = {CPU: open_generator(file, provider="cpu")}
    except (DigitforgeError, OSError) as error:
        return [Row("generator", str(error), BROKEN)]
    info = opened[CPU].info
    classes = (
        f"{len(info.classes)} classes ({', '.join(name[:20] for name in info.classes[:10])})"
        if info.classes
        else "no classes"
    )
    rows = [
        Row(
            "generator",
            f"{file}, {file.stat().st_size / 2**20:.2f} MiB, sha256 {sha256(file)[:12]}",
            OK,
        ),
        Row("images", f"{info.width}x{info.height}x{info.channels}, {classes}, latent size {info.latent_size}"),
    ]
    origin = [f"{key.replace('_', ' ')}: {info.provenance[key][:100]}" for key in PROVENANCE if key in info.provenance]
    rows.append(Row("comes from", "; ".join(origin) or "the file does not say"))
    if opened[CPU].notice:
        rows.append(Row("assumed", opened[CPU].notice))
    try:
        if finding.runs:
            opened[CUDA] = open_generator(file, provider="cuda")
    except DigitforgeError as error:
        rows.append(Row("on CUDA", str(error), BROKEN))
    try:
        if CUDA in opened:
            on_phase("comparing CPU and CUDA")
            rows.append(_agreement(opened[CPU], opened[CUDA]))
        for provider, generator in opened.items():
            name = provider.removesuffix("ExecutionProvider")
            rows += _vectors(generator, name)
            for batch in BATCHES:
                on_phase(f"timing {name}, {batch} at a time")
                median, slow = latency_ms(generator, batch)
                rows.append(Row(f"{name}, {batch} at a time", f"{median:.2f} ms (95 % within {slow:.2f} ms)", OK))
    except DigitforgeError as error:
        rows.append(Row("running", str(error), BROKEN))
    return rows


def _agreement(first: Generator, second: Generator) -> Row:
    """Compare the images of both for the same 64 latents."""
    z, y = _inputs(first, BATCHES[-1])
    error = float(np.abs(first.generate(z, y) - second.generate(z, y)).max())
    pixels = np.mean(first.generate_pixels(z, y) != second.generate_pixels(z, y))
    allowed = AGREEMENT.get(first.info.provenance.get("precision", ""), AGREEMENT["fp16"])
    agree = error <= allowed  # false for NaN too
    return Row(
        "CPU and CUDA",
        f"differ by at most {error:.1g} in [-1, 1] (allowed: {allowed:.0e}), in {pixels:.2%} of the pixels",
        OK if agree else BROKEN,
        "" if agree else "use the CPU (--provider cpu), and report this",
    )


def _vectors(generator: Generator, provider: str) -> list[Row]:
    """Compare a generator to the test vectors beside its file, if there are any."""
    from export.runtime.vectors import compare_with_vectors, read_vectors, vectors_folder

    folder, name = vectors_folder(generator.path), f"test vectors, {provider}"
    if not folder.is_dir():
        return []
    try:
        vectors = read_vectors(generator, folder)
    except ExportError as error:
        return [Row(name, str(error), BROKEN)]
    if vectors.digest not in ("", generator.info.digest):
        return [Row(name, f"{folder} belongs to another generator")]
    found = compare_with_vectors(generator, vectors)
    precision = generator.info.provenance.get("precision", "")
    allowed, levels = AGREEMENT.get(precision, AGREEMENT["fp16"]), 1 if precision == "fp32" else 2
    agree = found.largest_error <= allowed and found.largest_pixel_error <= levels
    return [
        Row(
            name,
            f"this runtime {'agrees to' if agree else 'differs by'} {found.largest_error:.1g} in [-1, 1] "
            f"(allowed: {allowed:.0e}), and by at most {found.largest_pixel_error} of 255 in the pixels",
            OK if agree else BROKEN,
        )
    ]


def _inputs(generator: Generator, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
    info = generator.info
    labels = labels_of(info, (), 0, batch)
    return latents(info, 0, 0, batch), one_hot(labels, len(info.classes)) if info.conditional else None


def latency_ms(generator: Generator, batch: int, seconds: float = SECONDS) -> tuple[float, float]:
    """Return the median and the 95th percentile of one call, in milliseconds."""
    z, y = _inputs(generator, batch)
    times_s: list[float] = []
    for _ in range(3):
        generator.generate_pixels(z, y)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or len(times_s) < 5:
        generator.generate_pixels(z, y)
        times_s.append(time.perf_counter() - start)
    times_s.sort()
    return statistics.median(times_s) * 1e3, times_s[round(0.95 * (len(times_s) - 1))] * 1e3


def table(report: Report) -> Table:
    """Return the report as a table for the terminal."""
    shown = Table(show_header=False, title="digitforge doctor")
    for row in report.rows:
        style = {OK: "green", INFO: "", BROKEN: "bold red"}[row.status]
        # Parts of it come from the file.
        value = "".join(letter if letter.isprintable() else "�" for letter in row.value)
        # As Text: neither `.[gpu]` nor the name of a class is markup.
        shown.add_row(row.name, Text(f"{value}\nto fix it: {row.fix}" if row.fix else value), style=style)
    return shown


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if something is broken."""
    parser = argparse.ArgumentParser(prog="python -m export.doctor", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "model", type=user_path, nargs="?", metavar="MODEL.onnx",
        help="a generator, or a run directory with one (default: the bundled generator)",
    )  # fmt: skip
    parser.add_argument("--json", type=user_path, metavar="FILE", help="write the report to this file as well")
    parser.add_argument("--assume", action="append", default=[], metavar="WHAT=VALUE", help=ASSUME_HELP)
    given = parser.parse_args(arguments)

    def command() -> int:
        if given.assume:
            from export.runtime.generator import find_model, state  # imports onnxruntime, which may be broken

            state(find_model(given.model or BUNDLED_MODEL), given.assume)
        with spinner(Console(stderr=True)) as show:
            report = examine(given.model or BUNDLED_MODEL, show)
        if given.json:
            write_json(given.json, {"broken": report.broken, "rows": [asdict(row) for row in report.rows]})
        Console().print(table(report))
        return int(report.broken)

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
