"""Training that is killed again and again: `python -m proofs.kills [--kills N] [--seed S] [--json FILE]`.

A small training is killed (SIGKILL) at random moments, half of them while a file is being written, and resumed by the
same command until it is through; and so on with new runs. After each kill the newest checkpoint has to be whole and
none that was there may be lost; at its end each run has to hold, bit for bit, what one holds that was never killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch._dynamo  # the first step would import it, in every child again
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from safetensors.torch import load_file

from digitforge.files import write_json
from trainer import checkpoints
from trainer.data import datasets
from trainer.train import main as train

IMAGES = 4_096
ARGUMENTS = (
    "--preset", "mlp-dropout", "--dataset", "sklearn-digits", "--limit", "200", "--images", str(IMAGES),
    "--batch-size", "16", "--g-layers", "128", "--d-layers", "128,64", "--threads", "1", "--gamma", "0.1",
    "--penalty-every", "4", "--augment", "shift:0.1,noise:0.1", "--augment-target", "0.6",
    "--ema-halflife-images", "500", "--log-every", "64", "--sample-every", "512",
)  # fmt: skip
LONGEST_S = 0.8
"""A kill at a random moment comes at most so long after the start."""


@dataclass
class Figures:
    """What came of it."""

    kills: int = 0
    kills_while_writing: int = 0
    """They left a file or folder half-written."""
    resumes: int = 0
    runs: int = 0
    lost: int = 0
    """Kills after which the newest checkpoint was damaged or older than one that had been seen."""
    runs_not_equal: int = 0
    seconds: float = 0.0


def start(run_dir: Path, every: int) -> int:
    """Train in a child of this process, which has everything imported; returns its pid."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        with run_dir.with_suffix(".txt").open("a") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        status = train([*ARGUMENTS, "--checkpoint-every", str(every), "--run-dir", str(run_dir)])
        sys.stdout.flush()
    finally:
        os._exit(status)


def temporaries(run_dir: Path) -> set[str]:
    """Names of what is being written, or was when its writer was killed."""
    return {path.name for folder in (".", "checkpoints", "samples") for path in (run_dir / folder).glob(".*")}


def newest(run_dir: Path) -> int:
    """The images seen of the newest checkpoint, whole or not; 0 where there is none."""
    return max((int(path.name) for path in (run_dir / "checkpoints").glob("[0-9]*")), default=0)


def sitting(run_dir: Path, random: random.Random, figures: Figures) -> bool:
    """Train until a kill at a random moment; whether the run was through before."""
    moment, writes = random.uniform(0, LONGEST_S), random.choice((0, random.randint(1, 30)))
    written: set[str] = set()
    left = temporaries(run_dir)
    began = time.monotonic()
    pid = start(run_dir, every=random.randint(64, 128))
    while writes > len(written) if writes else time.monotonic() - began < moment:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            if status:
                raise SystemExit(f"A sitting failed: {run_dir.with_suffix('.txt').read_text()}")
            return True
        written |= temporaries(run_dir) - left
        time.sleep(0.0002)
    time.sleep(random.uniform(0, 0.003) if writes else 0)
    seen = newest(run_dir)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    figures.kills += 1
    figures.kills_while_writing += bool(temporaries(run_dir) - left)
    checkpoint, damaged = checkpoints.load_newest(run_dir / "checkpoints")
    figures.lost += bool(damaged) or (checkpoint.images_seen if checkpoint else 0) < seen
    return False


def same(run_dir: Path, reference: Path) -> bool:
    """Whether two runs hold the same weights and state, and the log every line once and nothing half-written."""
    for name in ("generator.safetensors", f"checkpoints/{IMAGES:012d}/{checkpoints.STATE_FILE}"):
        mine, theirs = load_file(run_dir / name), load_file(reference / name)
        if mine.keys() != theirs.keys() or not all(mine[key].equal(theirs[key]) for key in mine):
            return False
    logged = [json.loads(line)["images"] for line in (run_dir / "log.jsonl").read_text().splitlines()]
    whole = logged == sorted(set(logged)) and set(range(64, IMAGES + 1, 64)) <= set(logged)
    return whole and not temporaries(run_dir)


def measure(kills: int, seed: int, folder: Path, console: Console) -> Figures:
    """Kill so often, in as many runs as that takes."""
    torch.set_num_threads(1)  # a child of a process with threads could wait for one that it does not have
    datasets.load("sklearn-digits", None)
    chosen, figures, began = random.Random(seed), Figures(), time.monotonic()
    reference = folder / "never-killed"
    if os.waitpid(start(reference, every=100), 0)[1]:
        raise SystemExit(reference.with_suffix(".txt").read_text())
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Killing", total=kills)
        while figures.kills < kills:
            run_dir = folder / f"killed-{figures.runs}"
            while not sitting(run_dir, chosen, figures):
                progress.update(task, completed=figures.kills)
            figures.runs += 1
            figures.runs_not_equal += not same(run_dir, reference)
    figures.resumes = sum(path.read_text().count("Resuming after") for path in folder.glob("*.txt"))
    figures.seconds = round(time.monotonic() - began, 1)
    return figures


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="proofs.kills", description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(given.kills, given.seed, Path(folder), console)
    table = Table("figure", "value")
    for name, value in asdict(figures).items():
        table.add_row(name.replace("_", " "), f"{value}")
    console.print(table)
    if given.json:
        write_json(given.json, {"seed": given.seed, "torch": str(torch.__version__)} | asdict(figures))
    return int(bool(figures.lost or figures.runs_not_equal))


if __name__ == "__main__":
    sys.exit(main())
