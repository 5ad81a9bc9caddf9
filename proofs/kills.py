"""Prove that no kill costs a training anything: `python -m proofs.kills [--kills N] [--seed S] [--json FILE]`.

A small training is killed (SIGKILL) at random moments, half of them while a file is being written, and resumed with the
same command until it is finished; then the next run begins. After each kill, the newest checkpoint must be complete and
no earlier checkpoint may be lost. Each finished run must equal, bit for bit, a run that was never killed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch._dynamo  # else the first step would import it in every child
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from proofs.same_run import has_lost, newest, same
from trainer.data import datasets
from trainer.run_lock import LOCK_FILE
from trainer.train import main as train

IMAGES = 4_096
ARGUMENTS = (
    "--preset", "mlp-dropout", "--dataset", "sklearn-digits", "--limit", "200", "--images", str(IMAGES),
    "--batch-size", "16", "--g-layers", "128", "--d-layers", "128,64", "--threads", "1", "--gamma", "0.1",
    "--penalty-every", "4", "--augment", "shift:0.1,noise:0.1", "--augment-target", "0.6",
    "--ema-halflife-images", "500", "--log-every", "64", "--sample-every", "512",
)  # fmt: skip
LONGEST_S = 0.8
"""A kill at a random moment comes at most this long after the start."""


@dataclass
class Counts:
    """What happened to all runs."""

    kills: int = 0
    kills_while_writing: int = 0
    """Kills that left a file or folder half-written."""
    resumes: int = 0
    runs: int = 0
    lost: int = 0
    """Kills after which the newest checkpoint was damaged, or older than one seen before."""
    runs_not_equal: int = 0
    """Runs that ended with other bits than the run that was never killed."""
    seconds: float = 0.0


def start(run_dir: Path, every: int) -> int:
    """Train in a child of this process, which has everything imported; return its pid."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        with run_dir.with_suffix(".txt").open("a") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        status = train([*ARGUMENTS, "--checkpoint-every", str(every), "--run-dir", str(run_dir)])
        sys.stdout.flush()
    finally:
        os._exit(status)


def temporaries(run_dir: Path) -> set[str]:
    """Return the names of files that are being written, or were when their writer was killed."""
    found = {path.name for folder in (".", "checkpoints", "samples") for path in (run_dir / folder).glob(".*")}
    return found - {LOCK_FILE}


def session(run_dir: Path, random: random.Random, counts: Counts) -> bool:
    """Train until a kill at a random moment; return whether the run finished before it."""
    moment, writes = random.uniform(0, LONGEST_S), random.choice((0, random.randint(1, 30)))
    written: set[str] = set()
    left = temporaries(run_dir)
    began = time.monotonic()
    pid = start(run_dir, every=random.randint(64, 128))
    while writes > len(written) if writes else time.monotonic() - began < moment:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            if status:
                raise RunError(f"A training failed: {run_dir.with_suffix('.txt').read_text()}")
            return True
        written |= temporaries(run_dir) - left
        time.sleep(0.0002)
    time.sleep(random.uniform(0, 0.003) if writes else 0)
    seen = newest(run_dir)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    counts.kills += 1
    counts.kills_while_writing += bool(temporaries(run_dir) - left)
    counts.lost += has_lost(run_dir, seen)
    return False


def kill_runs(kills: int, seed: int, folder: Path, console: Console) -> Counts:
    """Train and kill in `folder` until there have been `kills` kills and the last run has finished."""
    torch.set_num_threads(1)  # a fork of a process with threads could wait for one that it does not have
    datasets.load("sklearn-digits", None)
    chosen, counts, began = random.Random(seed), Counts(), time.monotonic()
    reference = folder / "never-killed"
    if os.waitpid(start(reference, every=100), 0)[1]:
        raise RunError(f"A training failed: {reference.with_suffix('.txt').read_text()}")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Killing", total=kills)
        while counts.kills < kills:
            run_dir = folder / f"killed-{counts.runs}"
            while not session(run_dir, chosen, counts):
                progress.update(task, completed=counts.kills)
            counts.runs += 1
            counts.runs_not_equal += bool(temporaries(run_dir)) or not same(run_dir, reference, IMAGES, 64)
    counts.resumes = sum(path.read_text().count("Resuming after") for path in folder.glob("*.txt"))
    counts.seconds = round(time.monotonic() - began, 1)
    return counts


def command(given: argparse.Namespace) -> int:
    """Kill, print what happened, and return the exit status."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        counts = kill_runs(given.kills, given.seed, Path(folder), console)
    table = Table("count", "value")
    for name, value in asdict(counts).items():
        table.add_row(name.replace("_", " "), f"{value}")
    console.print(table)
    if given.json:
        write_json(given.json, {"seed": given.seed, "torch": str(torch.__version__)} | asdict(counts))
    failed = bool(counts.lost or counts.runs_not_equal)
    print(f"{'FAILED: something' if failed else 'nothing'} was lost in {counts.kills} kills of {counts.runs} runs")
    return int(failed)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a kill cost something."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the moments; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
