"""Everything that only a GPU can prove, in one command: `python -m proofs.gpu_check [--json FILE] [--rehearse]`.

Runs the real commands on small data and holds their results together; needs no network. Without a GPU it says what it
would have run. `--rehearse` runs the same checks on the CPU, to try the program itself; it writes no
result unless `--json` names a file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file

from digitforge.files import write_json
from export.doctor import AGREEMENT
from trainer.command_line import launcher
from trainer.data import mnist_family

ROOT = Path(__file__).resolve().parents[1]
BUDGET_S = 480.0
"""Checks that do not begin within this time are left out, and said so."""
SMALL = (
    "--preset", "quickstart", "--dataset", "sklearn-digits", "--sample-every", "1e6", "--checkpoint-every", "6400",
    "--images", "12800",
)  # fmt: skip


class CheckFailed(Exception):
    """What was asked for does not hold."""


class LeftOut(Exception):
    """What was asked for cannot be tried here."""


@dataclass(frozen=True)
class Bench:
    """Where the checks run."""

    folder: Path
    devices: int
    rehearsal: bool

    def python(self, *arguments: str | Path, timeout: float = 240) -> str:
        """Run Python on the project; returns what it printed. Raises CheckFailed with its last line."""
        environment = os.environ | ({"ACCELERATE_USE_CPU": "true"} if self.rehearsal else {})
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("error:")] or done.stderr.splitlines()
            raise CheckFailed(said[-1] if said else f"exit status {done.returncode}")
        return done.stdout

    def train(self, name: str, *arguments: str, processes: int = 0) -> Path:
        """Train shortly; returns the run directory. processes: 0 launches without a process group."""
        run_dir = self.folder / name
        launch = launcher(processes or 1)[1:]
        if processes == 1:  # Accelerate's launcher makes no group of one
            launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "1", "trainer/train.py")
        if processes > 1:
            arguments = (*arguments, "--batch-size", str(64 * processes))
        self.python(*launch, *SMALL, "--run-dir", run_dir, *arguments)
        return run_dir


def last_line(run_dir: Path) -> dict[str, Any]:
    """The last line of a run's log."""
    line: dict[str, Any] = json.loads((run_dir / "log.jsonl").read_text().splitlines()[-1])
    return line


def largest_difference(first: Path, second: Path) -> float:
    """Between the averaged weights of two runs."""
    mine, theirs = (load_file(run_dir / "generator.safetensors") for run_dir in (first, second))
    return max(float((mine[name].double() - theirs[name].double()).abs().max()) for name in mine)


def one_device(bench: Bench) -> dict[str, Any]:
    """The bare launch trains."""
    return {"quickstart_images_per_s": last_line(bench.train("one"))["images_per_s"]}


def several_devices(bench: Bench) -> dict[str, Any]:
    """All devices train as one run; a group of one is the smallest there is."""
    speeds = {}
    for processes in sorted({1, bench.devices}):
        run_dir = bench.train(f"group-{processes}", processes=processes)
        speeds[str(processes)] = last_line(run_dir)["images_per_s"]
    return {"quickstart_images_per_s": speeds}


def two_forwards_with_batch_norm(bench: Bench) -> dict[str, Any]:
    """BatchNorm in a discriminator that is called twice a step, in a process group (torch#175024)."""
    run_dir = bench.train("dcgan", "--preset", "dcgan", "--log-every", "1280", processes=bench.devices)
    return {"dcgan_images_per_s": last_line(run_dir)["images_per_s"]}


def precisions(bench: Bench) -> dict[str, Any]:
    """bf16 and fp32 train to finite weights at their own speeds."""
    speeds = {}
    for precision in ("fp32", "bf16"):
        speeds[precision] = last_line(bench.train(precision, "--precision", precision))["images_per_s"]
    return {"quickstart_images_per_s": speeds}


def resuming(bench: Bench) -> dict[str, Any]:
    """A run that was stopped half-way ends with the bits of one that was not, family by family."""
    differences = {}
    for preset in ("mlp-dropout", "dcgan", "quickstart"):
        whole = bench.train(f"{preset}-whole", "--preset", preset)
        bench.train(f"{preset}-parts", "--preset", preset, "--images", "6400")
        parts = bench.train(f"{preset}-parts", "--preset", preset)
        differences[preset] = largest_difference(whole, parts)
    if any(differences.values()):
        raise CheckFailed(f"not to the bit: {differences}")
    return differences


def replaying(bench: Bench) -> dict[str, Any]:
    """Steps replayed as CUDA graphs train to the bits of steps that are not."""
    differences: dict[str, Any] = json.loads(bench.python("-m", "proofs.replaying"))
    if any(differences.values()):
        raise CheckFailed(f"not to the bit: {differences}")
    return differences


def recomputing(bench: Bench) -> dict[str, Any]:
    """Recomputed activations train alike in less memory."""
    plain, again = bench.train("kept"), bench.train("recomputed", "--recompute", "both")
    script = "import sys; from bench.train import peak_memory; print(peak_memory(sys.argv[1], 1024))"
    peaks = {name: int(bench.python("-c", script, name)) / 2**20 for name in ("none", "both")}
    if peaks["both"] >= peaks["none"]:
        raise CheckFailed(f"no memory was saved: {peaks}")
    return {"peak_MiB": peaks, "largest_difference": largest_difference(plain, again)}


def compiling(bench: Bench) -> dict[str, Any]:
    """Compiled steps are those of eager ones, to rounding."""
    settings = ("--preset", "mlp", "--precision", "fp32", "--images", "640", "--optimizer", "sgd")
    eager, compiled = bench.train("eager", *settings), bench.train("compiled", *settings, "--compile", "true")
    difference = largest_difference(eager, compiled)
    if difference > 1e-4:
        raise CheckFailed(f"weights differ by {difference:.1g}")
    return {"largest_difference": difference}


def exporting(bench: Bench) -> dict[str, Any]:
    """The exported file gives the same images on CUDA as on the CPU."""
    run_dir = bench.train("one")
    bench.python("-m", "export.onnx", run_dir)
    script = (
        "import sys, json, numpy as np; from pathlib import Path; from export.runtime.generator import open_generator;"
        "path = Path(sys.argv[1]); cpu, gpu = (open_generator(path, provider=p) for p in ('cpu', sys.argv[2]));"
        "z = np.random.default_rng(0).standard_normal((64, 64), dtype=np.float32);"
        "y = np.eye(10, dtype=np.float32)[np.arange(64) % 10];"
        "a, b = (g.session.run(['image'], {'z': z, 'y': y})[0] for g in (cpu, gpu));"
        "print(json.dumps([gpu.session.get_providers()[0], float(np.abs(a - b).max())]))"
    )
    wanted = "cpu" if bench.rehearsal else "cuda"
    provider, error = json.loads(bench.python("-c", script, run_dir / "generator.onnx", wanted))
    if not bench.rehearsal and provider != "CUDAExecutionProvider":
        raise CheckFailed(f"onnxruntime runs on {provider}: install digitforge[gpu] instead of [cpu]")
    if error > AGREEMENT["fp32"]:
        raise CheckFailed(f"images differ by {error:.1g}")
    return {"provider": provider, "largest_difference": error}


def speed(bench: Bench) -> dict[str, Any]:
    """bench/train.py, where there is MNIST."""
    if mnist_family.find("mnist", None) is None:
        raise LeftOut("there is no MNIST here")
    figures = bench.folder / "train.json"
    bench.python("-m", "bench.train", "--seconds", "5", "--json", figures)
    return {row["preset"]: round(row["ratio"], 2) for row in json.loads(figures.read_text())["training"]}


CHECKS: tuple[Callable[[Bench], dict[str, Any]], ...] = (
    one_device, several_devices, two_forwards_with_batch_norm, precisions, resuming, replaying, recomputing,
    compiling, exporting,
    speed,
)  # fmt: skip


def main() -> int:
    """Run the command; returns the exit status: 1 where a check failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="default: bench/results/gpu-<device>.json")
    parser.add_argument("--rehearse", action="store_true", help="run the checks on the CPU")
    parser.add_argument("--only", nargs="+", choices=[check.__name__ for check in CHECKS], help="only these checks")
    given = parser.parse_args()
    console = Console()
    checks = [check for check in CHECKS if not given.only or check.__name__ in given.only]
    if not torch.cuda.is_available() and not given.rehearse:
        console.print("There is no GPU here. With one, this would have been checked:")
        for check in checks:
            console.print(f"  {check.__name__}: {(check.__doc__ or '').strip()}")
        return 0
    device = "rehearsal on the CPU" if given.rehearse else torch.cuda.get_device_name()
    started = time.monotonic()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        devices = 2 if given.rehearse else torch.cuda.device_count()
        bench = Bench(Path(folder), devices, given.rehearse)
        for check in checks:
            began = time.monotonic()
            with console.status(f"{check.__name__}: {check.__doc__}"):
                try:
                    if began - started > BUDGET_S:
                        raise CheckFailed(f"left out after {BUDGET_S:.0f} s")
                    result, figures = "holds", check(bench)
                except LeftOut as error:
                    result, figures = "left out", {"why": str(error)}
                except (CheckFailed, subprocess.TimeoutExpired) as error:
                    result, figures = "FAILED", {"why": str(error)}
            seconds = round(time.monotonic() - began, 1)
            rows.append({"check": check.__name__, "result": result, "seconds": seconds, "figures": figures})
            console.print(f"{check.__name__}: {result} ({seconds} s)")
    table = Table("check", "result", "seconds", "figures", title=device)
    for row in rows:
        table.add_row(row["check"], row["result"], str(row["seconds"]), json.dumps(row["figures"]))
    console.print(table)
    if not given.rehearse or given.json:
        out = given.json or ROOT / "bench" / "results" / f"gpu-{device.lower().replace(' ', '-')}.json"
        found = {"device": device, "devices": devices, "torch": str(torch.__version__), "checks": rows}
        write_json(out, found)
        console.print(f"{out}")
    return int(any(row["result"] == "FAILED" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
