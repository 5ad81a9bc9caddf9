"""Check everything that needs a GPU, in one command: `python -m proofs.gpu_check [--json FILE] [--rehearse]`.

Runs the real commands on small data and compares their results. Needs no network. On Apple's GPU (MPS), checks of
what only CUDA has are skipped. Without a GPU, it lists the checks and runs none. `--rehearse` runs the same checks on
the CPU with fewer images, to try the program itself; it writes results only where `--json` names a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
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

from bench.train import apart, peak_memory
from digitforge import mnist
from digitforge.errors import exit_status
from digitforge.files import write_json
from trainer import augment
from trainer.command_line import launcher
from trainer.seeding import Draws

ROOT = Path(__file__).resolve().parents[1]
BUDGET_S = 480.0
"""Checks that would begin later than this are skipped."""
IMAGES, REHEARSED_IMAGES = 12_800, 1_280
MEMORY_BATCH = 1024


class CheckFailed(Exception):
    """A check ran and its claim does not hold."""


class Skipped(Exception):
    """A check cannot run on this machine."""


@dataclass(frozen=True)
class Bench:
    """A folder and a machine for the checks to run in."""

    folder: Path
    devices: int
    rehearsal: bool
    apple: bool = False
    """Whether the GPU is Apple's."""

    def require_cuda(self, what: str) -> None:
        """Raise Skipped on Apple's GPU. what: what it lacks."""
        if self.apple:
            raise Skipped(f"Apple's GPU has no {what}")

    @property
    def images(self) -> int:
        """Images of a training."""
        return REHEARSED_IMAGES if self.rehearsal else IMAGES

    def python(self, *arguments: str | Path, accept: tuple[int, ...] = (0,)) -> None:
        """Run Python on the project. Raises CheckFailed with the last error for an exit status not in `accept`."""
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode not in accept:
            lines = done.stderr.splitlines()
            errors = [line for line in lines if line.startswith("error:")] or lines
            raise CheckFailed(errors[-1] if errors else f"exit status {done.returncode}")

    def train(self, name: str, *arguments: str, processes: int = 0) -> Path:
        """Train briefly and return the run directory. processes: 0 launches without a process group."""
        run_dir = self.folder / name
        launch = launcher(processes or 1)[1:]
        if processes == 1:  # Accelerate's launcher makes no group of one
            launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "1", "trainer/train.py")
        if processes > 1:
            arguments = (*arguments, "--batch-size", str(64 * processes))
        self.python(
            *launch, "--preset", "quickstart", "--dataset", "sklearn-digits", "--images", str(self.images),
            "--checkpoint-every", str(self.images // 2), "--sample-every", "1e6", "--run-dir", run_dir, *arguments,
        )  # fmt: skip
        return run_dir


def last_line(run_dir: Path) -> dict[str, Any]:
    """Return the last line of a run's log."""
    line: dict[str, Any] = json.loads((run_dir / "log.jsonl").read_text().splitlines()[-1])
    return line


def largest_difference(first: Path, second: Path) -> float:
    """Return the largest difference between the averaged weights of two runs."""
    mine, theirs = (load_file(run_dir / "generator.safetensors") for run_dir in (first, second))
    return max(float((mine[name].double() - theirs[name].double()).abs().max()) for name in mine)


def one_device(bench: Bench) -> dict[str, Any]:
    """A launch without options trains."""
    return {"quickstart_images_per_s": last_line(bench.train("one"))["images_per_s"]}


def several_devices(bench: Bench) -> dict[str, Any]:
    """All devices train as one process group, and so does a group of one."""
    bench.require_cuda("process groups")
    speeds = {}
    for processes in sorted({1, bench.devices}):
        run_dir = bench.train(f"group-{processes}", processes=processes)
        speeds[str(processes)] = last_line(run_dir)["images_per_s"]
    return {"quickstart_images_per_s": speeds}


def two_forwards_with_batch_norm(bench: Bench) -> dict[str, Any]:
    """A discriminator with BatchNorm is called twice a step in a process group (torch#175024)."""
    bench.require_cuda("process groups")
    every = str(bench.images // 10)
    run_dir = bench.train("dcgan", "--preset", "dcgan", "--log-every", every, processes=bench.devices)
    return {"dcgan_images_per_s": last_line(run_dir)["images_per_s"]}


def precisions(bench: Bench) -> dict[str, Any]:
    """bf16 and fp32 both train to finite weights."""
    speeds = {}
    for precision in ("fp32", "bf16"):
        speeds[precision] = last_line(bench.train(precision, "--precision", precision))["images_per_s"]
    return {"quickstart_images_per_s": speeds}


def resuming(bench: Bench) -> dict[str, Any]:
    """A run that was stopped half-way ends with the same bits as one that was not, for three presets."""
    differences = {}
    for preset in ("mlp-dropout", "dcgan", "quickstart"):
        whole = bench.train(f"{preset}-whole", "--preset", preset)
        bench.train(f"{preset}-parts", "--preset", preset, "--images", str(bench.images // 2))
        parts = bench.train(f"{preset}-parts", "--preset", preset)
        differences[preset] = largest_difference(whole, parts)
    if any(differences.values()):
        raise CheckFailed(f"not bit for bit: {differences}")
    return differences


def replaying(bench: Bench) -> dict[str, Any]:
    """Steps replayed as CUDA graphs train to the same bits as steps that are not."""
    bench.require_cuda("CUDA graphs")
    results = bench.folder / "replaying.json"
    bench.python("-m", "proofs.replaying", "--json", results, accept=(0, 1))
    differences: dict[str, Any] = json.loads(results.read_text())
    if any(differences.values()):
        raise CheckFailed(f"not bit for bit: {differences}")
    return differences


def augmenting(bench: Bench) -> dict[str, Any]:
    """Each augmentation changes images, and their gradient, as it does on the CPU."""
    device = torch.device("cpu" if bench.rehearsal else "mps" if bench.apple else "cuda")
    differences: dict[str, Any] = {}
    for kind, largest in augment.LARGEST.items():
        here, there = (changed(kind, largest / 10, each) for each in (torch.device("cpu"), device))
        differences[kind] = max(float((mine - theirs).abs().max()) for mine, theirs in zip(here, there, strict=True))
    if not max(differences.values()) < 1e-2:  # also if one is NaN
        raise CheckFailed(f"not as on the CPU: {differences}")
    return differences


class _SharedDraws(Draws):
    """Random numbers that are drawn on the CPU, so that every device gets the same ones."""

    def normal(self, name: str, *shape: int) -> torch.Tensor:
        return Draws(torch.device("cpu"), 0, 0, self.batch_size, self.rows).normal(name, *shape).to(self.device)

    def uniform(self, name: str, *shape: int) -> torch.Tensor:
        return Draws(torch.device("cpu"), 0, 0, self.batch_size, self.rows).uniform(name, *shape).to(self.device)


def changed(kind: augment.Change, strength: float, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return smooth images [32, 3, 28, 28] after an augmentation on the device, and the gradient of their squares."""
    noise = torch.randn(32, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    images = torch.nn.functional.interpolate(noise, (28, 28), mode="bicubic").clamp(-1, 1).to(device).requires_grad_()
    after = augment.augment(images, {kind: strength}, 0.8, _SharedDraws(device, 0, 0, 32, slice(None)), "check")
    (gradient,) = torch.autograd.grad(after.square().mean() * images.numel(), images)
    return after.detach().cpu(), gradient.cpu()


def recomputing(bench: Bench) -> dict[str, Any]:
    """Recomputed activations save memory."""
    bench.require_cuda("figure for its peak memory")
    plain, again = bench.train("kept"), bench.train("recomputed", "--recompute", "both")
    peaks = {name: apart(peak_memory, name, MEMORY_BATCH) / 2**20 for name in ("none", "both")}
    if peaks["both"] >= peaks["none"]:
        raise CheckFailed(f"no memory was saved: {peaks}")
    return {"peak_MiB": peaks, "largest_difference": largest_difference(plain, again)}


def compiling(bench: Bench) -> dict[str, Any]:
    """Compiled steps equal eager ones, to rounding."""
    bench.require_cuda("finished compiler")
    settings = ("--preset", "mlp", "--precision", "fp32", "--images", "640", "--optimizer", "sgd")
    eager, compiled = bench.train("eager", *settings), bench.train("compiled", *settings, "--compile", "true")
    difference = largest_difference(eager, compiled)
    if difference > 1e-4:
        raise CheckFailed(f"weights differ by {difference:.1g}")
    return {"largest_difference": difference}


def exporting(bench: Bench) -> dict[str, Any]:
    """The exported file runs on CUDA and makes the same images there as on the CPU."""
    run_dir, results = bench.train("one"), bench.folder / "doctor.json"
    bench.python("-m", "export.onnx", run_dir)
    bench.python("-m", "export.doctor", run_dir, "--json", results, accept=(0, 1))
    return examined(json.loads(results.read_text()), bench.rehearsal or bench.apple)


def examined(report: dict[str, Any], rehearsal: bool) -> dict[str, Any]:
    """Return what the doctor's report says of CUDA. Raises CheckFailed where CUDA does not run or differs."""
    rows = {row["name"]: row for row in report["rows"]}
    wrong = [name for name, row in rows.items() if row["status"] == "broken"]
    if not rehearsal:
        wrong += [name for name in ("CUDA", "CPU and CUDA") if rows.get(name, {}).get("status") == "info"]
    if wrong:
        raise CheckFailed("; ".join(f"{name}: {rows[name]['value']}" for name in wrong))
    if not rehearsal and "CPU and CUDA" not in rows:
        raise CheckFailed("the doctor did not compare CPU and CUDA")
    return {name: row["value"] for name, row in rows.items() if row["status"] == "ok"}


def speed(bench: Bench) -> dict[str, Any]:
    """The training is faster than a textbook loop (needs MNIST)."""
    if mnist.find("mnist", None) is None:
        raise Skipped("there is no copy of MNIST")
    results = bench.folder / "train.json"
    bench.python("-m", "bench.train", "--seconds", "5", "--json", results)
    return {row["preset"]: round(row["ratio"], 2) for row in json.loads(results.read_text())["training"]}


Check = Callable[[Bench], dict[str, Any]]
CHECKS: tuple[Check, ...] = (
    one_device, several_devices, two_forwards_with_batch_norm, precisions, resuming, replaying, augmenting, recomputing,
    compiling, exporting, speed,
)  # fmt: skip


def run_checks(checks: list[Check], bench: Bench, console: Console) -> list[dict[str, Any]]:
    """Run the checks one after the other; return a row of results for each."""
    started = time.monotonic()
    rows: list[dict[str, Any]] = []
    for check in checks:
        began = time.monotonic()
        with console.status(f"{check.__name__}: {check.__doc__}"):
            try:
                if began - started > BUDGET_S:
                    raise Skipped(f"more than {BUDGET_S:.0f} s had passed")
                result, measured = "holds", check(bench)
            except Skipped as error:
                result, measured = "skipped", {"why": str(error)}
            except (CheckFailed, subprocess.TimeoutExpired) as error:
                result, measured = "FAILED", {"why": str(error)}
        seconds = round(time.monotonic() - began, 1)
        rows.append({"check": check.__name__, "result": result, "seconds": seconds, "figures": measured})
        console.print(f"{check.__name__}: {result} ({seconds} s)")
    return rows


def verdict(rows: list[dict[str, Any]]) -> str:
    """Say in one line how many checks hold."""
    counts = {result: sum(row["result"] == result for row in rows) for result in ("holds", "skipped", "FAILED")}
    more = ", ".join(f"{count} {result}" for result, count in list(counts.items())[1:] if count)
    return f"{counts['holds']} of {len(rows)} checks hold{f' ({more})' if more else ''}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a check failed."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.gpu_check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rehearse", action="store_true", help="run the checks on the CPU")
    parser.add_argument("--only", nargs="+", choices=[check.__name__ for check in CHECKS], help="run only these checks")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the results there (default: bench/results/gpu-<device>.json)"
    )
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


def command(given: argparse.Namespace) -> int:
    """Run the chosen checks, or list them where there is no GPU; return the exit status."""
    console = Console()
    checks = [check for check in CHECKS if not given.only or check.__name__ in given.only]
    cuda = torch.cuda.is_available()
    apple = not cuda and not given.rehearse and torch.backends.mps.is_available()
    if not (cuda or apple or given.rehearse):
        console.print("There is no GPU here. With one, these checks would run:")
        for check in checks:
            console.print(f"  {check.__name__}: {(check.__doc__ or '').strip()}")
        print(f"0 of {len(checks)} checks ran: there is no GPU")
        return 0
    if given.rehearse:
        os.environ["ACCELERATE_USE_CPU"] = "true"
    apples = f"Apple {platform.machine()}"
    device = "rehearsal on the CPU" if given.rehearse else apples if apple else torch.cuda.get_device_name()
    devices = 2 if given.rehearse else 1 if apple else torch.cuda.device_count()
    with tempfile.TemporaryDirectory() as folder:
        rows = run_checks(checks, Bench(Path(folder), devices, given.rehearse, apple), console)
    table = Table("check", "result", "seconds", "measured", title=device)
    for row in rows:
        table.add_row(row["check"], row["result"], str(row["seconds"]), json.dumps(row["figures"]))
    console.print(table)
    if not given.rehearse or given.json:
        out = given.json or ROOT / "bench" / "results" / f"gpu-{device.lower().replace(' ', '-')}.json"
        write_json(out, {"device": device, "devices": devices, "torch": str(torch.__version__), "checks": rows})
        console.print(f"{out}")
    print(verdict(rows))
    return int(any(row["result"] == "FAILED" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
