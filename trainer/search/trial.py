"""A trial is a launch of its own: its command, its log as it grows, and its end."""

from __future__ import annotations

import contextlib
import ctypes
import math
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from trainer.command_line import flag, launcher, text
from trainer.interrupts import PR_SET_PDEATHSIG
from trainer.report.log import LOG_FILE, Point, read_log
from trainer.search.space import STEPS, Space

FOREVER = 10**12
"""More images than any run has."""
POLL_S = 0.3
GRACE_S = 60
"""For the trainer to save a checkpoint."""
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Reading:
    """What a run's log says of it so far."""

    images: int = 0
    seconds: float = 0.0
    score: float | None = None
    """The newest."""
    steps: dict[int, float] = field(default_factory=dict)
    """The score at each step of the budget that has been reached: what the pruner compares."""
    finished: bool = False
    """Whether the whole budget was used and its end scored."""


@dataclass(frozen=True)
class End:
    """How a launch ended. sentence: why it failed, empty where it did not."""

    reading: Reading
    sentence: str = ""
    pruned: bool = False


def command(
    space: Space, values: Mapping[str, Any], seed: int, run_dir: Path, data_dir: Path | None = None
) -> list[str]:
    """The launch that trains `values` on the budget."""
    # Checkpoints at the scores: an interrupted trial loses no more than what it would be judged by next.
    kept = {"checkpoint_every": space.score_every, "keep_checkpoints": 1, "sample_every": FOREVER}
    budget = {"images": space.images or FOREVER, "seconds": space.seconds, "seed": space.seed + seed}
    judged = {"score_every": space.score_every, "score_count": space.score_count}
    settings = {"preset": space.preset, **kept, **space.fixed, **values, **budget, **judged}
    if data_dir:
        settings["data_dir"] = data_dir.resolve()
    flags = [f"{flag(name)}={text(value)}" for name, value in settings.items()]
    return [*launcher(space.processes), *flags, f"--run-dir={run_dir.resolve()}"]


def read(space: Space, run_dir: Path) -> Reading:
    """What the log in `run_dir` says so far; nothing where there is none."""
    return reading(space, read_log(run_dir / LOG_FILE)[0])


def reading(space: Space, points: list[Point]) -> Reading:
    """Of log lines in order.

    A budget of images has a step each `score_every`. A budget of seconds has STEPS equal ones, and at each stands
    the score that the trial had by then, so that slow networks are judged by the clock as well.
    """
    images = seconds = 0.0
    score: float | None = None
    scored_at = -1.0
    steps: dict[int, float] = {}
    reached = 0
    for point in points:
        images, seconds = max(images, point["images"]), point.get("seconds", seconds)
        if space.seconds:
            # What is scored at these seconds comes in the line after them.
            due = min(math.ceil(seconds * STEPS / space.seconds), STEPS) - 1
            steps |= {} if score is None else dict.fromkeys(range(reached + 1, due + 1), score)
            reached = max(reached, due)
        if space.objective in point:
            score, scored_at = point[space.objective], point["images"]
            if step := int(point["images"]) // space.score_every:
                steps |= {step: score} if not space.seconds and step not in steps else {}
    # The log rounds seconds to a tenth.
    used = seconds >= space.seconds - 0.05 if space.seconds else images >= space.images
    return Reading(int(images), seconds, score, steps, bool(used and scored_at == images > 0))


def run(arguments: list[str], space: Space, run_dir: Path, watch: Callable[[Reading], bool]) -> End:
    """Launch and follow a trial to its end.

    watch: called with what the log says, several times a second; True prunes the trial.
    What the launch says is in a .txt beside `run_dir`. However this is left, no process of the launch stays behind.
    """
    stop(run_dir)  # what a search that was killed left there
    said = run_dir.with_name(f"{run_dir.name}.txt")
    with said.open("wb") as output:
        # A session of its own: a terminal's Ctrl-C is for the search, and one signal reaches all processes.
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=_follow_parent if LIBC else None,  # this process has no other thread
        )  # fmt: skip
    pruned = False
    try:
        while process.poll() is None and not pruned:
            pruned = watch(read(space, run_dir))
            time.sleep(POLL_S)
    finally:
        stop(run_dir)
        process.wait()
    last = read(space, run_dir)
    if pruned:
        return End(last, pruned=True)
    watch(last)
    return End(last) if process.returncode == 0 and last.finished else End(last, sentence(said, space, run_dir))


def sentence(said: Path, space: Space, run_dir: Path) -> str:
    """Why a launch failed: the trainer's own sentence, else its last line; the run's own path does not stand in it."""
    lines = [line.strip() for line in said.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if not errors and lines and lines[-1].startswith("Trained on"):
        return f"The run has no {space.objective} at its end."
    found = errors[0] if errors else (lines or ["The launch ended without a word."])[-1]
    return re.sub(re.escape(str(run_dir.resolve())), "its folder", found)


def stop(run_dir: Path) -> None:
    """End all that trains in `run_dir`: asked first, so that a checkpoint is saved, then made to.

    They are found by their command line, which the launcher and all its processes share: a launcher of several gives
    each a group of its own, and those of a search that was killed are nobody's children any more.
    """
    mine = f"--run-dir={run_dir.resolve()}"

    def left() -> list[psutil.Process]:
        return [each for each in psutil.process_iter(["cmdline"]) if mine in (each.info["cmdline"] or ())]

    for end, patience in ((psutil.Process.terminate, GRACE_S), (psutil.Process.kill, 10)):
        for each in left():
            with contextlib.suppress(psutil.Error):
                end(each)
        until = time.monotonic() + patience
        while left() and time.monotonic() < until:
            time.sleep(0.1)


def _follow_parent() -> None:
    assert LIBC
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
