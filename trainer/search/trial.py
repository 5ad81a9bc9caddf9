"""One trial: the command that launches its training, the progress in its log, and the end of its processes."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from digitforge.datasets import path_of, public_name
from trainer.command_line import flag, launcher, text
from trainer.interrupts import PR_SET_PDEATHSIG
from trainer.report.log import LOG_FILE, Point, read_log
from trainer.schedulers import without_tasks
from trainer.search.space import STEPS, Space

FOREVER = 10**12
"""More images than any run has."""
POLL_S = 0.3
GRACE_S = 60
"""Seconds that the trainer has to save a checkpoint."""
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class TrialProgress:
    """How far a trial is, according to its log."""

    images: int = 0
    seconds: float = 0.0
    score: float | None = None
    """The newest score."""
    steps: dict[int, float] = field(default_factory=dict)
    """The score at each step of the budget so far, which the pruner compares."""
    finished: bool = False
    """Whether the whole budget was used and the end was scored."""


@dataclass(frozen=True)
class TrialEnd:
    """How a launch ended."""

    progress: TrialProgress
    failure: str = ""
    """Why it failed; empty if it did not."""
    pruned: bool = False


def trial_command(
    space: Space, values: Mapping[str, Any], seed: int, run_dir: Path, data_dir: Path | None = None
) -> list[str]:
    """Return the command that trains with `values` for the budget. seed: added to that of the space."""
    # Checkpoints are written where scores are taken, so an interrupted trial loses less than one step.
    kept = {"checkpoint_every": space.score_every, "keep_checkpoints": 1, "sample_every": FOREVER}
    budget = {"images": space.images or FOREVER, "seconds": space.seconds, "seed": space.seed + seed}
    scores = {"score_every": space.score_every, "score_count": space.score_count}
    settings = {"preset": space.preset, **kept, **space.fixed, **values, **budget, **scores}
    if data_dir:
        settings["data_dir"] = data_dir.resolve()
    flags = [f"{flag(name)}={text(value)}" for name, value in settings.items()]
    return [*launcher(space.processes), *flags, f"--run-dir={run_dir.resolve()}"]


def read_progress(space: Space, run_dir: Path) -> TrialProgress:
    """Return the progress of the trial in `run_dir`, from its log; no progress if there is no log."""
    return progress_of(space, read_log(run_dir / LOG_FILE)[0])


def progress_of(space: Space, points: list[Point]) -> TrialProgress:
    """Return the progress from log lines in order.

    A budget of images has one step for each `score_every` images. A budget of seconds has STEPS equal steps; the score
    at each is the latest one by that time, so that slow networks are also judged by the clock.
    """
    images = seconds = 0.0
    score: float | None = None
    scored_at = -1.0
    steps: dict[int, float] = {}
    reached = 0
    for point in points:
        images, seconds = max(images, point["images"]), point.get("seconds", seconds)
        if space.seconds:
            # A score taken at these seconds is in the following line.
            due = min(math.ceil(seconds * STEPS / space.seconds), STEPS) - 1
            steps |= {} if score is None else dict.fromkeys(range(reached + 1, due + 1), score)
            reached = max(reached, due)
        if space.objective in point:
            score, scored_at = point[space.objective], point["images"]
            if step := int(point["images"]) // space.score_every:
                steps |= {step: score} if not space.seconds and step not in steps else {}
    # The log rounds seconds to a tenth.
    used = seconds >= space.seconds - 0.05 if space.seconds else images >= space.images
    return TrialProgress(int(images), seconds, score, steps, bool(used and scored_at == images > 0))


def run_trial(arguments: list[str], space: Space, run_dir: Path, watch: Callable[[TrialProgress], bool]) -> TrialEnd:
    """Launch a trial and follow it to its end.

    watch: called with the progress, several times a second; it returns True to prune the trial.
    The output of the launch is written to a .txt file beside `run_dir`. No process of the launch is left running,
    however this function ends.
    """
    stop_trial(run_dir)  # processes left by a search that was killed
    output_file = run_dir.with_name(f"{run_dir.name}.txt")
    with output_file.open("wb") as output:
        # It gets a process session of its own: Ctrl-C in the terminal is for the search alone, which then stops all
        # processes of the launch at once.
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env=without_tasks(os.environ),  # the workers of a search are not the processes of its trainings
            preexec_fn=_follow_parent if LIBC else None,  # safe, as this process has no other thread
        )  # fmt: skip
    pruned = False
    try:
        while process.poll() is None and not pruned:
            pruned = watch(read_progress(space, run_dir))
            time.sleep(POLL_S)
    finally:
        stop_trial(run_dir)
        process.wait()
    last = read_progress(space, run_dir)
    if pruned:
        return TrialEnd(last, pruned=True)
    watch(last)
    if process.returncode == 0 and last.finished:
        return TrialEnd(last)
    return TrialEnd(last, failure_of(output_file, space, run_dir))


def failure_of(output_file: Path, space: Space, run_dir: Path) -> str:
    """Return why a launch failed: the trainer's error message, or else its last line.

    The path of the run is replaced, so that equal failures of different trials have equal messages, and so is the path
    of a folder of pictures, as results.json may leave this machine.
    """
    output = output_file.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if not errors and lines and lines[-1].startswith("Trained on"):
        return f"The run has no {space.objective} at its end."
    found = errors[0] if errors else (lines or ["The launch ended without any output."])[-1]
    found = found.replace(str(run_dir.resolve()), "its folder")
    dataset = str(space.fixed.get("dataset", ""))
    own = path_of(dataset)
    return found.replace(own, path_of(public_name(dataset))) if own else found


def stop_trial(run_dir: Path) -> None:
    """End all processes that train in `run_dir`: first gently, so that they save a checkpoint, then by force.

    They are found by their command lines, which the launcher and all its processes share. Process groups would not do,
    as the launcher of several processes gives each its own; nor would parents, as a killed search leaves orphans.
    """
    argument = f"--run-dir={run_dir.resolve()}"

    def running() -> list[psutil.Process]:
        return [each for each in psutil.process_iter(["cmdline"]) if argument in (each.info["cmdline"] or ())]

    for end, patience in ((psutil.Process.terminate, GRACE_S), (psutil.Process.kill, 10)):
        for process in running():
            with contextlib.suppress(psutil.Error):
                end(process)
        until = time.monotonic() + patience
        while running() and time.monotonic() < until:
            time.sleep(0.1)


def _follow_parent() -> None:
    assert LIBC
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
