"""A training that is scored as it goes on, in a launch of its own: what time_to_quality and small_data compare."""

from __future__ import annotations

import subprocess
from pathlib import Path

from trainer.command_line import launcher
from trainer.report.log import Point, read_log

NEVER = "1000000000"


def train_scored(run_dir: Path, data_dir: Path | None, every: int, *flags: str) -> list[Point]:
    """Train on MNIST with `flags`; returns the scores every `every` images, log lines with `seconds` of training.

    Raises subprocess.CalledProcessError where the training fails; it has said why.
    """
    command = (
        *launcher(), "--dataset", "mnist", "--run-dir", str(run_dir), *flags, "--score-every", str(every),
        "--log-every", str(every), "--sample-every", NEVER, "--checkpoint-every", NEVER,
        *(("--data-dir", str(data_dir)) if data_dir else ()),
    )  # fmt: skip
    subprocess.run(command, check=True)
    points, _ = read_log(run_dir / "log.jsonl")
    seconds = {point["images"]: point["seconds"] for point in points if "seconds" in point}
    return [point | {"seconds": seconds[point["images"]]} for point in points if "frechet_distance" in point]
