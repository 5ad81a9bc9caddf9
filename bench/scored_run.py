"""Launch a training that is scored along the way, for benchmarks that compare such trainings."""

from __future__ import annotations

import subprocess
from pathlib import Path

from digitforge.errors import RunError
from trainer.command_line import launcher
from trainer.report.log import Point, read_log

NEVER = "1000000000"


def train_scored(run_dir: Path, data_dir: Path | None, every: int, *flags: str) -> list[Point]:
    """Train on MNIST with `flags` and return the scores taken every `every` images.

    Each score is a line of the log with the "seconds" of training before it. Raises RunError if the training fails,
    which has then printed why.
    """
    command = (
        *launcher(), "--dataset", "mnist", "--run-dir", str(run_dir), *flags, "--score-every", str(every),
        "--log-every", str(every), "--sample-every", NEVER, "--checkpoint-every", NEVER,
        *(("--data-dir", str(data_dir)) if data_dir else ()),
    )  # fmt: skip
    if subprocess.run(command, check=False).returncode:
        raise RunError(f"The training in {run_dir} failed.")
    points, _ = read_log(run_dir / "log.jsonl")
    seconds = {point["images"]: point["seconds"] for point in points if "seconds" in point}
    return [point | {"seconds": seconds[point["images"]]} for point in points if "frechet_distance" in point]
