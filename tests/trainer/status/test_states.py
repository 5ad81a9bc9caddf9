"""The state of runs is what their files say, while they train and afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from digitforge.errors import RunError
from trainer.run_lock import FAILURE_FILE, LOCK_FILE, locked
from trainer.status import states
from trainer.status.states import read_state, read_states

HOUR = 3600.0


def make_run(folder: Path, logged: int = 5_000, saved: int = 4_000, goal: int = 10_000, **config: Any) -> Path:
    """Make a run that logged every 1,000 images, at 100 images per second."""
    folder.mkdir(parents=True)
    settings = {"images": goal, "seconds": 0.0, "score_every": 2_000, "log_every": 1_000} | config
    (folder / "config.json").write_text(json.dumps({"config": settings, "data_sha256": ""}))
    with (folder / "log.jsonl").open("w") as log:
        for images in range(1_000, logged + 1, 1_000):
            log.write(json.dumps({"images": images, "d_loss": 1, "images_per_s": 100, "seconds": images / 100}) + "\n")
            if images % 2_000 == 0:
                score = {"images": images, "frechet_distance": 100 / images, "floor_frechet_distance": 0.01}
                log.write(json.dumps(score) + "\n")
    if saved:
        (folder / "checkpoints" / f"{saved:012d}").mkdir(parents=True)
        (folder / "checkpoints" / f"{saved:012d}" / "manifest.json").touch()
    return folder


def test_a_run_that_trains_is_running_where_its_lock_says(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with locked(run):
        found = read_state(run, time.time())
    assert (found.state, found.why) == ("running", "")
    assert found.owner
    assert (found.owner.host, found.owner.process) == (socket.gethostname(), os.getpid())
    assert (found.images, found.images_goal, found.images_per_s, found.seconds_left) == (5_000, 10_000, 100, 50)
    assert (found.metric, found.score, found.floor) == ("frechet_distance", 0.025, 0.01)
    assert found.checkpoint_images == 4_000
    assert found.checkpoint_age_s is not None
    assert 0 <= found.checkpoint_age_s < 60
    assert list(run.glob(".*")) == []


def test_a_run_that_nobody_trains_is_where_its_checkpoint_is(tmp_path: Path) -> None:
    made = {
        "stopped": make_run(tmp_path / "stopped"),
        "finished": make_run(tmp_path / "finished", 10_000, 10_000),
        "waiting": make_run(tmp_path / "waiting", 0, 0),
    }
    for state, run in made.items():
        assert read_state(run, time.time()).state == state
    assert read_state(made["stopped"], time.time()).images == 4_000
    assert read_state(made["finished"], time.time()).seconds_left == 0
    in_time = make_run(tmp_path / "seconds", 5_000, 5_000, seconds=50.0)
    assert read_state(in_time, time.time()).state == "finished"
    assert read_state(make_run(tmp_path / "longer", 5_000, 5_000, seconds=60.0), time.time()).seconds_left == 10


def test_a_failure_is_told_until_the_run_goes_on(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with pytest.raises(RunError), locked(run):
        raise RunError("Training has diverged.")
    found = read_state(run, time.time())
    assert (found.state, found.why) == ("failed", "Training has diverged.")
    with pytest.raises(ZeroDivisionError), locked(run):
        raise ZeroDivisionError("division by zero")
    assert read_state(run, time.time()).why == "ZeroDivisionError: division by zero"
    with pytest.raises(KeyboardInterrupt), locked(run):
        raise KeyboardInterrupt
    assert read_state(run, time.time()).state == "stopped"
    assert not (run / FAILURE_FILE).exists()


HOLD = """
import sys, time
from pathlib import Path
from trainer.run_lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_is_failed_and_a_living_one_is_not_disturbed(tmp_path: Path, project: Path) -> None:
    run = make_run(tmp_path / "run")
    command = [sys.executable, "-c", HOLD, str(run)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "locked\n"
        found = read_state(run, time.time())
        assert found.state == "running"
        assert found.owner
        assert found.owner.process == owner.pid
        owner.send_signal(signal.SIGKILL)
    found = read_state(run, time.time())
    assert found.state == "failed"
    assert found.why.startswith(f"It was killed: process {owner.pid} on {socket.gethostname()} since 20")
    assert (run / LOCK_FILE).exists(), "nothing is written or removed"


def test_a_log_that_stands_still_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with locked(run):
        found = read_state(run, time.time() + HOUR)
        assert found.why == "Its log has not grown for 60 minutes."
        assert read_state(run, time.time() + 60).why == ""


def test_a_clock_that_is_an_hour_off_makes_no_age_negative(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    for path in (run / "log.jsonl", run / "checkpoints" / f"{4_000:012d}" / "manifest.json"):
        os.utime(path, (time.time() + HOUR, time.time() + HOUR))
    with locked(run):
        (found,) = read_states([run])
    assert (found.state, found.why, found.checkpoint_age_s) == ("running", "", 0)


def test_the_score_is_found_far_back_in_a_long_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run")
    with (run / "log.jsonl").open("a") as log:
        for images in range(5_001, 7_000):
            log.write(json.dumps({"images": images, "images_per_s": 50, "seconds": 60}) + "\n")
        log.write('{"images": 7000, "images_per_s"')  # a line that is being written
    for size in (100, 2**15):
        monkeypatch.setattr(states, "TAIL_BYTES", size)
        with locked(run):
            found = read_state(run, time.time())
        assert (found.images, found.images_per_s, found.score) == (6_999, 50, 0.025)


def test_runs_are_found_below_folders_and_each_once(tmp_path: Path) -> None:
    for name in ("b/one", "a", "b/two"):
        make_run(tmp_path / name)
    (tmp_path / "a" / "config.json").write_text("{")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "loop").symlink_to(tmp_path)
    found = read_states([tmp_path, tmp_path / "b"])
    assert [Path(each.name).relative_to(tmp_path).as_posix() for each in found] == ["a", "b/one", "b/two"]
    assert (found[0].state, found[0].why) == ("failed", "config.json cannot be read.")
    with pytest.raises(RunError, match=r"There is no run below .*other\."):
        read_states([tmp_path / "other"])
    with pytest.raises(RunError, match="is not a folder"):
        read_states([tmp_path / "none"])
