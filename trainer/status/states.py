"""The state of runs, from their files alone: whether they train, how far they are, and how good they are.

Nothing is written, and no run notices. Logs are read from their ends, so that hundreds of runs take a moment.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from digitforge.errors import DigitforgeError, RunError
from digitforge.locks import Owner, holder, read_owner
from trainer.report.log import LOG_FILE, Point, parse_lines
from trainer.run_lock import FAILURE_FILE, LOCK_FILE
from trainer.runs import CONFIG_FILE, SCORES_FILE
from trainer.scoring.metrics import shown_metrics
from trainer.scoring.scores import read_score

State = Literal["running", "finished", "stopped", "failed", "waiting"]
TAIL_BYTES = 2**15
"""How much of a log is read first."""
QUIET_S, QUIET_LINES = 120.0, 10
"""A running run is quiet if its log has not grown for this many seconds, and for the time of this many lines."""


@dataclass(frozen=True)
class RunState:
    """A run as its files describe it."""

    name: str
    """Its path, as it was found."""
    state: State
    """"waiting" if it has not trained yet."""
    owner: Owner | None = None
    """The process that trains it now, or that was killed while it did."""
    why: str = ""
    """Why it failed, or what is unusual about a running one, as a sentence."""
    images: int = 0
    images_goal: int | None = None
    seconds: float = 0.0
    """Seconds of training steps so far."""
    seconds_goal: float | None = None
    images_per_s: float | None = None
    """Images per second at the end of the log."""
    metric: str | None = None
    """Key of the metric of the newest score."""
    score: float | None = None
    floor: float | None = None
    """The metric of real images."""
    checkpoint_images: int | None = None
    checkpoint_age_s: float | None = None
    """Seconds since the newest checkpoint was saved."""

    @property
    def seconds_left(self) -> float | None:
        """Seconds of training until the run is finished, at its last speed; None if that is not known."""
        if self.state == "finished":
            return 0.0
        ends = []
        if self.images_goal is not None and self.images_per_s:
            ends.append(max(0, self.images_goal - self.images) / self.images_per_s)
        if self.seconds_goal:
            ends.append(max(0.0, self.seconds_goal - self.seconds))
        return min(ends, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        left, owner = self.seconds_left, self.owner
        return {
            "run": self.name,
            "state": self.state,
            "host": owner and owner.host,
            "process": owner and owner.process,
            "since": owner and owner.since,
            "user": owner and (owner.user or None),
            "job": owner and (owner.job or None),
            "why": self.why or None,
            "images": self.images,
            "images_goal": self.images_goal,
            "seconds": self.seconds,
            "seconds_goal": self.seconds_goal,
            "images_per_s": self.images_per_s,
            "seconds_left": None if left is None else round(left, 1),
            "metric": self.metric,
            "score": self.score,
            "floor": self.floor,
            "checkpoint_images": self.checkpoint_images,
            "checkpoint_age_s": None if self.checkpoint_age_s is None else round(self.checkpoint_age_s, 1),
        }


def read_states(paths: Sequence[Path]) -> list[RunState]:
    """Return the states of the runs at these paths and below them, in order. Raises RunError if there is none."""
    for path in paths:
        if not path.is_dir():
            raise RunError(f"{path} is not a folder: name a run directory, or a folder with some below it.")
    found = list(dict.fromkeys(run for path in paths for run in _runs(path)))
    if not found:
        raise RunError(f"There is no run below {', '.join(map(str, paths))}.")
    # File times come from the server of the file system, whose clock may be ahead of ours.
    now = max(time.time(), *(_time(run / LOG_FILE) or 0.0 for run in found))
    return [read_state(run, now) for run in found]


def read_state(run: Path, now: float) -> RunState:
    """Return the state of one run. now: Unix time, from which ages are counted."""
    try:
        config = dict(json.loads((run / CONFIG_FILE).read_text(encoding="utf-8"))["config"])
    except (OSError, ValueError, LookupError, TypeError):
        return RunState(str(run), "failed", why=f"{CONFIG_FILE} cannot be read.")
    owner = holder(run / LOCK_FILE)
    points = list(_newest_points(run / LOG_FILE, scored=bool(config.get("score_every"))))
    last = points[0] if points else {}
    checkpoint = _newest_checkpoint(run / "checkpoints")
    saved = int(checkpoint.name) if checkpoint else 0
    images = int(last.get("images", 0)) if owner else saved
    speed = next((point["images_per_s"] for point in points if "images_per_s" in point), None)
    seconds = next((point["seconds"] for point in points if "seconds" in point and point["images"] <= images), 0.0)
    images_goal, seconds_goal = config.get("images"), config.get("seconds") or None
    reached = images_goal is not None and images >= images_goal
    finished = bool(saved) and (reached or (seconds_goal is not None and seconds >= seconds_goal - 0.05))
    state: State = "running"
    why = ""
    if not owner:
        state, why = _ended(run, finished, saved)
    elif last:
        why = _quiet(now - (_time(run / LOG_FILE) or now), config.get("log_every", 0) / (speed or 1))
    saved_at = _time(checkpoint / "manifest.json") if checkpoint else None
    metric, score, floor = _score(points, run)
    return RunState(
        str(run), state, owner or (read_owner(run / LOCK_FILE) if state == "failed" else None), why, images,
        images_goal, seconds, seconds_goal, speed, metric, score, floor, saved or None,
        None if saved_at is None else max(0.0, now - saved_at),
    )  # fmt: skip


def _runs(path: Path) -> Iterator[Path]:
    """Yield the run directories at and below `path`, sorted, each once. Links are followed."""
    seen = set()
    for place, folders, names in os.walk(path, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folder = Path(place)
        if CONFIG_FILE in names and _is_run(folder / CONFIG_FILE):
            folders.clear()
            yield folder
        else:
            folders[:] = sorted(name for name in folders if not name.startswith("."))


def _is_run(config: Path) -> bool:
    """Return whether a config.json is that of a run, or damaged in a folder that holds one."""
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
        return isinstance(values, dict) and "config" in values and "data_sha256" in values
    except (OSError, ValueError):
        return (config.with_name("checkpoints")).is_dir()


def _ended(run: Path, finished: bool, saved: int) -> tuple[State, str]:
    """Return the state of a run that nobody trains, and why. saved: images at its newest checkpoint."""
    if finished:
        return "finished", ""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return "failed", str(json.loads((run / FAILURE_FILE).read_text(encoding="utf-8"))["error"])
    if owner := read_owner(run / LOCK_FILE):
        return "failed", f"It was killed: {owner} has ended. The same command resumes it."
    return ("stopped" if saved else "waiting"), ""


def _quiet(silence_s: float, line_s: float) -> str:
    """Return what to say of a log that has not grown for some time. line_s: the time between two lines."""
    if silence_s < max(QUIET_S, QUIET_LINES * line_s):
        return ""
    return f"Its log has not grown for {silence_s / 60:.0f} minutes."


def _newest_points(log: Path, scored: bool) -> Iterator[Point]:
    """Yield the measurements at the end of a log, the newest first. scored: back to the newest score."""
    size, content = TAIL_BYTES, b""
    with suppress(OSError), log.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        while True:
            file.seek(max(0, length - size))
            content = file.read()
            whole = size >= length
            has_score = any(f'"{metric.key}"'.encode() in content for metric in shown_metrics())
            if whole or has_score or not scored:
                break
            size *= 8
    lines = content.decode(errors="replace").splitlines()
    if size < len(content) or (content and not content.startswith(b"{")):
        lines = lines[1:]  # it begins within a line
    yield from reversed(parse_lines(lines)[0])


def _score(points: Sequence[Point], run: Path) -> tuple[str | None, float | None, float | None]:
    """Return the newest score's metric, value and floor: that of the log, else the first of scores.json."""
    keys = [metric.key for metric in shown_metrics()]
    for point in points:
        if key := next((key for key in keys if key in point), None):
            return key, point[key], point.get(f"floor_{key}")
    if (run / SCORES_FILE).is_file():
        with suppress(DigitforgeError, OSError):
            score = read_score(run / SCORES_FILE)
            if key := next((key for key in keys if score.metrics[key] is not None), None):
                return key, score.metrics[key], score.floor_of(key)[0]
    return None, None, None


def _newest_checkpoint(folder: Path) -> Path | None:
    with suppress(OSError):
        return max((path for path in folder.iterdir() if path.name.isdecimal()), default=None)
    return None


def _time(path: Path) -> float | None:
    """Return when a file was last written, in Unix time; None if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
