"""Prove that no preemption and no lost node costs a training anything: `python -m proofs.cluster [--faults N] [...]`.

On a real Slurm of two nodes on this machine, packaging/slurm/train.sbatch trains with two processes. At random moments
it is preempted, warned as before a time limit, requeued, frozen, or loses a process or a node with everything on it.
Each finished run must equal, bit for bit, a run that was left alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import torch
from rich.console import Console
from rich.progress import Progress

from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from proofs.same_run import has_lost, newest, same
from proofs.two_node_slurm import SCRIPTS, Cluster, cluster, missing, wait_until

IMAGES = 19_200
ARGUMENTS = (
    "--preset", "mlp-dropout", "--dataset", "sklearn-digits", "--limit", "200", "--images", str(IMAGES),
    "--batch-size", "16", "--g-layers", "64", "--d-layers", "64,32", "--threads", "1", "--gamma", "0.1",
    "--penalty-every", "4", "--augment", "shift:0.1,noise:0.1", "--augment-target", "0.6", "--log-every", "640",
    "--sample-every", "1e9", "--checkpoint-every", "640", "--process-timeout", "25",
)  # fmt: skip
FAULTS = ("preempted", "warned", "requeued", "process killed", "process frozen", "first node lost", "second node lost")
LATEST_S = 8.0
"""A fault comes at most this long after the job has started or, in two of three cases, has made a checkpoint."""


@dataclass
class Counts:
    """What happened to all runs."""

    faults: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    queued_again: int = 0
    submitted_again: int = 0
    """Jobs that gave up, as they should, because three starts in a row made no checkpoint."""
    lost: int = 0
    """Faults after which the newest checkpoint was damaged, or older than one seen before."""
    runs_not_equal: int = 0
    seconds: float = 0.0


def submit(two: Cluster, run_dir: Path) -> int:
    """Submit a training on both nodes; return the job's number."""
    return two.submit(run_dir.with_suffix(".txt"), "--nodes=2", SCRIPTS / "train.sbatch", run_dir, *ARGUMENTS)


def inflict(two: Cluster, job: int, fault: str, chosen: random.Random) -> None:
    """Let a fault happen to a running job, and repair what it broke."""
    node = chosen.choice(("n1", "n2"))
    if fault == "preempted":
        two.preempt()
    elif fault == "warned":
        two.run("scancel", "--signal=USR1", str(job))
    elif fault == "requeued":
        two.run("scontrol", "requeue", str(job))
    elif fault in ("process killed", "process frozen"):
        for process in two.processes(node):
            if "trainer/train.py" in process.cmdline() and "python" in process.name():
                process.kill() if fault == "process killed" else process.suspend()
    else:
        lost = "n1" if fault == "first node lost" else "n2"
        two.lose(lost)
        time.sleep(chosen.uniform(0, 3))
        two.repair(lost)


def session(two: Cluster, job: int, run_dir: Path, chosen: random.Random, counts: Counts) -> bool:
    """Let the job train until a fault; return whether it has ended instead."""

    wait_until(lambda: two.state(job) == "RUNNING" or two.ended(job), 120, f"the start of job {job}")
    restarts, moment, trains = two.restarts(job), chosen.uniform(0, LATEST_S), chosen.random() < 2 / 3
    resumed_at = newest(run_dir)
    began = time.monotonic()
    while time.monotonic() - began < moment:
        if two.ended(job):
            return True
        if trains and newest(run_dir) == resumed_at:
            began = time.monotonic()
        time.sleep(0.2)
    fault = chosen.choice(FAULTS)
    seen = newest(run_dir)
    try:
        inflict(two, job, fault, chosen)
    except (RunError, psutil.Error):
        return two.ended(job)  # it has just ended
    counts.faults[fault] += 1
    wait_until(lambda: two.restarts(job) > restarts or two.ended(job), 150, f"job {job} after: {fault}")
    counts.lost += has_lost(run_dir, seen)
    return two.ended(job)


def disturb_runs(two: Cluster, faults: int, minutes: float, seed: int, folder: Path, console: Console) -> Counts:
    """Train and disturb in `folder` until there have been `faults` faults, or for `minutes`, and the last run has
    finished."""
    chosen, counts, began = random.Random(seed), Counts(), time.monotonic()

    def enough() -> bool:
        return counts.faults.total() >= faults or time.monotonic() - began > 60 * minutes

    reference = folder / "left-alone"
    if two.finish(submit(two, reference)) != "COMPLETED":
        raise RunError(f"A training failed: {reference.with_suffix('.txt').read_text()}")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Disturbing", total=faults)
        while not enough():
            run_dir = folder / f"disturbed-{counts.runs}"
            job = submit(two, run_dir)
            while True:
                ended = enough() or session(two, job, run_dir, chosen, counts)
                progress.update(task, completed=counts.faults.total())
                if not ended:
                    continue
                state = two.finish(job)
                counts.queued_again += two.restarts(job)
                if state == "COMPLETED":
                    break
                output = run_dir.with_suffix(".txt").read_text()
                if "The last 3 starts made no checkpoint" not in "".join(output.splitlines()[-3:]):
                    raise RunError(f"A training ended as {state}: {output}\n{two.said(job)}")
                counts.submitted_again += 1
                job = submit(two, run_dir)
            counts.runs += 1
            counts.runs_not_equal += not same(run_dir, reference, IMAGES, 640)
    counts.seconds = round(time.monotonic() - began, 1)
    return counts


def command(given: argparse.Namespace) -> int:
    """Disturb, print what happened, and return the exit status."""
    if reason := missing():
        raise RunError(f"A real Slurm is needed ({reason}).")
    console = Console()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, cluster(Path(folder) / "slurm") as two:
        counts = disturb_runs(two, given.faults, given.minutes, given.seed, Path(folder), console)
    found = asdict(counts) | {"faults": dict(sorted(counts.faults.items()))}  # asdict cannot copy a Counter
    for name, value in found.items():
        console.print(f"{name.replace('_', ' ')}: {value}")
    if given.json:
        write_json(given.json, {"seed": given.seed, "torch": str(torch.__version__)} | found)
    failed = bool(counts.lost or counts.runs_not_equal)
    total = counts.faults.total()
    print(f"{'FAILED: something' if failed else 'nothing'} was lost in {total} faults of {counts.runs} runs")
    return int(failed)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a fault cost something."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", type=int, default=50, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--minutes", type=float, default=60.0, metavar="M", help="inflict no faults after these; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments and faults; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
