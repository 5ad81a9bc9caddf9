"""What runs where, why not elsewhere, and how fast: `python -m export.doctor [MODEL.onnx|RUN_DIR] [--json FILE]`.

Exits with 1 where something is broken; merely having no GPU is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
from digitforge.errors import DigitforgeError, exit_status
from digitforge.files import write_bytes
from export.runtime.latents import labels_of, latents, one_hot
from export.runtime.providers import CPU, CUDA, Facts, Finding, explain, look

if TYPE_CHECKING:
    from export.runtime.generator import Generator

BATCHES = (1, 16, 64)
SECONDS = 0.5
"""For each batch size of each provider."""
AGREEMENT = {"fp32": 1e-4, "fp16": 1e-2}
"""Largest difference of a value in [-1, 1] between CPU and CUDA, by the precision of the file.

They add up in another order; ten times what the export's gate allows on one CPU, and a tenth of what TF32 would drift.
Half precision is computed as such on CUDA alone.
"""
PROVENANCE = ("preset", "dataset", "images_seen", "precision", "licence")
OK, INFO, BROKEN = "ok", "info", "broken"


@dataclass(frozen=True)
class Row:
    """One thing that was looked at."""

    name: str
    value: str
    status: str = INFO
    """"ok" (works), "info" (a fact), "broken" (should work and does not)."""
    fix: str = ""
    """What to do, where something is to be done."""


@dataclass(frozen=True)
class Report:
    """All of it."""

    rows: tuple[Row, ...]

    @property
    def broken(self) -> bool:
        """Whether anything is."""
        return any(row.status == BROKEN for row in self.rows)


Step = Callable[[str], None]


def examine(model: Path | None, step: Step = lambda _: None) -> Report:
    """Look at the machine, the environment, and the generator at `model` (a file or run directory; None: none).

    step: told what is being done. Takes some seconds: latencies are measured.
    """
    step("looking at the machine")
    facts = look()
    finding = explain(facts)
    rows = _machine(facts, finding)
    if model is not None and CPU in facts.providers:
        rows += _model(model, finding, step)
    return Report(tuple(rows))


def _machine(facts: Facts, finding: Finding) -> list[Row]:
    installed = ", ".join(f"{name} {number}" for name, number in facts.packages.items()) or "none"
    running = f" (running {facts.version})" if facts.version else " (and it cannot be imported)"
    sound = len(facts.packages) <= 1 and CPU in facts.providers
    gpus = ", ".join(facts.gpus) or "no GPU"
    providers = ", ".join(name.removesuffix("ExecutionProvider") for name in facts.providers)
    return [
        Row("digitforge", _version("digitforge") or "from its source"),
        Row("Python", f"{platform.python_version()} on {platform.platform(terse=True)}, {platform.machine()}"),
        Row("CPU", f"{_cpu()}, {usable_cpus()} cores that may be used"),
        Row("onnxruntime", installed + running, OK if sound else BROKEN),
        Row("built with", providers or "nothing"),
        Row("window", f"PySide6 {qt}" if (qt := _version("PySide6-Essentials")) else "PySide6 is not installed"),
        Row("NVIDIA driver", f"supports CUDA {facts.driver}, {gpus}" if facts.driver else "none"),
        Row("CUDA", "all that it needs is there", OK) if finding.runs
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


def _model(path: Path, finding: Finding, step: Step) -> list[Row]:
    from export.runtime.generator import find_model, open_generator  # with onnxruntime, which may be what is broken

    step("opening the generator")
    try:
        file = find_model(path)
        opened = {CPU: open_generator(file, provider="cpu")}
    except (DigitforgeError, OSError) as error:
        return [Row("generator", str(error), BROKEN)]
    info, content = opened[CPU].info, file.read_bytes()
    classes = (
        f"{len(info.classes)} classes ({', '.join(name[:20] for name in info.classes[:10])})"
        if info.classes
        else "no classes"
    )
    rows = [
        Row(
            "generator",
            f"{file}, {len(content) / 2**20:.2f} MiB, sha256 {hashlib.sha256(content).hexdigest()[:12]}",
            OK,
        ),
        Row("makes", f"{info.width}x{info.height}x{info.channels}, {classes}, from {info.latent_size} latents"),
    ]
    said = [f"{key.replace('_', ' ')}: {info.provenance[key][:100]}" for key in PROVENANCE if key in info.provenance]
    rows.append(Row("comes from", "; ".join(said) or "the file does not say"))
    if opened[CPU].notice:
        rows.append(Row("assumed", opened[CPU].notice))
    try:
        if finding.runs:
            opened[CUDA] = open_generator(file, provider="cuda")
    except DigitforgeError as error:
        rows.append(Row("on CUDA", str(error), BROKEN))
    try:
        if CUDA in opened:
            step("comparing CPU and CUDA")
            rows.append(_agreement(opened[CPU], opened[CUDA]))
        for provider, generator in opened.items():
            name = provider.removesuffix("ExecutionProvider")
            for batch in BATCHES:
                step(f"timing {name}, {batch}")
                median, slow = latency_ms(generator, batch)
                rows.append(Row(f"{name}, {batch} at a time", f"{median:.2f} ms, 95 % within {slow:.2f} ms", OK))
    except DigitforgeError as error:
        rows.append(Row("running", str(error), BROKEN))
    return rows


def _agreement(first: Generator, second: Generator) -> Row:
    """Both on the same 64 latents."""
    z, y = _inputs(first, BATCHES[-1])
    error = float(np.abs(first.generate(z, y) - second.generate(z, y)).max())
    pixels = np.mean(first.generate_pixels(z, y) != second.generate_pixels(z, y))
    allowed = AGREEMENT.get(first.info.provenance.get("precision", ""), AGREEMENT["fp16"])
    agree = error <= allowed  # false for NaN too
    return Row(
        "CPU and CUDA",
        f"differ by at most {error:.1g} of [-1, 1] ({allowed:.0e} is allowed), in {pixels:.2%} of the pixels",
        OK if agree else BROKEN,
        "" if agree else "use the CPU (--provider cpu), and report this",
    )


def _inputs(generator: Generator, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
    info = generator.info
    labels = labels_of(info, (), 0, batch)
    return latents(info, 0, 0, batch), one_hot(labels, len(info.classes)) if info.conditional else None


def latency_ms(generator: Generator, batch: int, seconds: float = SECONDS) -> tuple[float, float]:
    """Median and 95th percentile of one call, in milliseconds."""
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
    """The report for a terminal."""
    shown = Table(show_header=False, title="digitforge doctor")
    for row in report.rows:
        style = {OK: "green", INFO: "", BROKEN: "bold red"}[row.status]
        value = "".join(letter if letter.isprintable() else "�" for letter in row.value)  # some come from the file
        # As Text: `.[gpu]` is no markup, nor is what a file calls its classes.
        shown.add_row(row.name, Text(f"{value}\nto mend it: {row.fix}" if row.fix else value), style=style)
    return shown


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 1 where something is broken."""
    parser = argparse.ArgumentParser(prog="python -m export.doctor", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, nargs="?", help="A generator or run directory; default: the bundled one.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write the rows there.")
    given = parser.parse_args(arguments)
    model = given.model or BUNDLED_MODEL
    broken = False

    def command() -> None:
        nonlocal broken
        terminal = Console(stderr=True)
        with terminal.status("looking") as status:
            report = examine(model, status.update)
        if given.json:
            rows = [asdict(row) for row in report.rows]
            write_bytes(given.json, (json.dumps({"broken": report.broken, "rows": rows}, indent=2) + "\n").encode())
        Console().print(table(report))
        broken = report.broken

    return exit_status(command) or int(broken)


if __name__ == "__main__":
    sys.exit(main())
