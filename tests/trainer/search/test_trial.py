"""A trial's command, its log, and the end of its processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from trainer import command_line
from trainer.report.log import Point
from trainer.search.space import Space, build_space
from trainer.search.trial import failure_of, progress_of, run_trial, stop_trial, trial_command


def test_the_command_is_one_the_trainer_understands(tmp_path: Path) -> None:
    space = build_space(
        {
            "preset": "dcgan", "images": 5000, "score_every": 1000, "seed": 7, "processes": 2,
            "search": {"conditional": [True], "g_lr": ["1e-4"]},
            "fixed": {"dataset": "sklearn-digits", "log_every": 50},
        }
    )  # fmt: skip
    made = trial_command(space, {"conditional": True, "g_lr": "1e-4"}, 2, tmp_path / "t", tmp_path)
    assert made[:3] == [sys.executable, "-m", "accelerate.commands.launch"]
    assert {"--multi_gpu", "--num_processes"} <= set(made)
    script = next(i for i, each in enumerate(made) if each.endswith("train.py"))
    asked = command_line.parse(made[script + 1 :])
    config = asked.config
    assert (asked.run_dir, asked.data_dir) == (tmp_path / "t", tmp_path)
    assert (config.preset, config.images, config.seconds, config.seed) == ("dcgan", 5000, 0, 9)
    assert (config.conditional, config.g_lr, config.log_every) == (True, "1e-4", 50)
    assert (config.score_every, config.checkpoint_every) == (1000, 1000)


def points(*lines: tuple[int, float, float | None]) -> list[Point]:
    """Log lines of (images, seconds, score): the score stands in a line of its own, as the trainer writes it."""
    found: list[Point] = []
    for images, seconds, score in lines:
        found.append({"images": images, "seconds": seconds})
        found += [{"images": images, "frechet_distance": score}] if score is not None else []
    return found


def test_a_budget_of_images_is_read_at_each_score() -> None:
    space = Space(images=500, score_every=200)
    log = points((100, 1, None), (224, 2, 9.0), (416, 4, 8.0), (512, 5, 7.0))
    part, whole = progress_of(space, log[:-1]), progress_of(space, log)
    assert (part.steps, part.score, part.finished) == ({1: 9.0, 2: 8.0}, 8.0, False)
    assert (whole.steps, whole.score, whole.finished, whole.images) == ({1: 9.0, 2: 8.0}, 7.0, True, 512)


def test_a_budget_of_seconds_is_read_by_the_clock() -> None:
    space = Space(seconds=20, score_every=200)
    log = points((100, 3, None), (200, 5, 9.0), (300, 9, None), (400, 11, 8.0), (700, 20.02, 7.0))
    # Nothing was known at 2 and 4 seconds; from 6 to 10 stood the score of 5, and from 12 on that of 11.
    assert progress_of(space, log[:4]).steps == {3: 9.0, 4: 9.0}
    whole = progress_of(space, log)
    assert whole.steps[5] == 9.0
    assert {step: whole.steps[step] for step in range(6, 10)} == dict.fromkeys(range(6, 10), 8.0)
    assert (whole.finished, whole.score) == (True, 7.0)
    assert not progress_of(space, log[:-1]).finished, "the end has to be scored"


def test_a_failure_has_the_trainers_words(tmp_path: Path) -> None:
    said, run_dir = tmp_path / "t.txt", tmp_path / "t"
    said.write_text(f"quickstart on mnist\nerror: {run_dir} is a file: choose another.\nTraceback: of the launcher\n")
    assert failure_of(said, Space(), run_dir) == "its folder is a file: choose another."
    private = Space(fixed={"dataset": "folder:/home/alice/pictures"})
    said.write_text("error: There is no folder /home/alice/pictures.\n")
    assert failure_of(said, private, run_dir) == "There is no folder pictures."
    assert private.public()["fixed"]["dataset"] == "folder:pictures"
    said.write_text("Killed\n")
    assert failure_of(said, Space(), run_dir) == "Killed"
    said.write_text("Trained on 5 images.\n")
    assert failure_of(said, Space(), run_dir) == "The run has no frechet_distance at its end."


def test_all_processes_of_a_launch_are_ended(tmp_path: Path) -> None:
    mark = f"--run-dir={tmp_path / 't'}"
    sleep = "import sys, time; print('up', flush=True); time.sleep(600)"
    child = f"[sys.executable, '-c', {sleep!r}, {mark!r}], start_new_session=True"
    nested = f"import subprocess, sys; subprocess.Popen({child}).wait()"
    with subprocess.Popen([sys.executable, "-c", nested, mark], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        children = psutil.Process(process.pid).children()
        stop_trial(tmp_path / "t")
        assert process.wait() != 0
    assert len(children) == 1
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in children)


def test_a_pruned_launch_is_stopped(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", "import time; time.sleep(600)", f"--run-dir={tmp_path / 't'}"]
    end = run_trial(arguments, Space(images=10), tmp_path / "t", lambda _: True)
    assert (end.pruned, end.failure) == (True, "")


@pytest.mark.parametrize("status", [0, 3])
def test_a_launch_that_leaves_no_score_has_failed(tmp_path: Path, status: int) -> None:
    arguments = [sys.executable, "-c", f"print('that was all'); raise SystemExit({status})"]
    end = run_trial(arguments, Space(images=10), tmp_path / "t", lambda _: False)
    assert end.failure == "that was all"
