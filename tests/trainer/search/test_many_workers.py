"""Searches by several processes, of which one is killed: no trial is lost, and none counts twice."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.support import pretend
from tests.support.forks import Fork
from tests.support.postgresql import MISSING, postgresql
from trainer.search.plan import positions

SPACE = """
preset = "digits"
images = 30
score_every = 10
sampler = "grid"
pruner = "none"
repeats = 0

[fixed]
beta1 = 0.3

[search]
g_width = [{widths}]
"""
"""A search whose trials take a second and a half each."""


def begin(space: Path, storage: str, folder: Path) -> Fork:
    output = space.with_name(f"{folder.name}.txt")
    output.touch()
    arguments = [str(space), "--storage", storage, "--dir", str(folder)]
    return Fork(output, pretend.search, arguments, COLUMNS="120", PRETEND_HASTE="1")


def trains(folder: Path) -> bool:
    return any(folder.glob("trial-*/log.jsonl"))


def kill(worker: Fork, folder: Path) -> None:
    """Kill a worker in the middle of a trial."""
    while not trains(folder):
        assert worker.running
        time.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)


def check(storage: str, folders: list[Path], widths: list[int]) -> None:
    """Check that every point of the grid has one finished trial, and that results.json says so."""
    study = optuna.load_study(study_name="space", storage=storage)
    newest: dict[int, Any] = {}
    for number, position in positions(study.trials).items():
        newest[position] = study.trials[number]
    assert {position: each.state for position, each in newest.items()} == dict.fromkeys(
        range(len(widths)), TrialState.COMPLETE
    )
    finished = [each for each in study.trials if each.state == TrialState.COMPLETE]
    assert len(finished) == len(widths)
    assert sorted(each.user_attrs["values"]["g_width"] for each in finished) == widths
    written = [path for folder in folders if (path := folder / "results.json").is_file()]
    last = max(written, key=lambda path: path.stat().st_mtime)
    trials = json.loads(last.read_text())["trials"]
    assert [(each["trial"], each["state"], each["images"]) for each in trials] == [
        (number, "finished", 30) for number in range(len(widths))
    ]
    for folder in folders:
        for log in folder.glob("trial-*/log.jsonl"):
            images = [json.loads(line)["images"] for line in log.read_text().splitlines()]
            assert images == sorted(set(images)), "two processes have written one log"


@pytest.mark.parametrize(
    "shared", [pytest.param(True, marks=pytest.mark.slow), False], ids=["one folder", "two folders"]
)
def test_two_workers_on_sqlite_of_which_one_is_killed(tmp_path: Path, shared: bool) -> None:
    widths = [16, 64]
    space = tmp_path / "space.toml"
    space.write_text(SPACE.format(widths=", ".join(map(str, widths))))
    storage = f"sqlite:///{tmp_path / 'search.db'}"
    folders = [tmp_path / "one", tmp_path / ("one" if shared else "two")]
    killed = begin(space, storage, folders[0])
    kill(killed, folders[0])
    other = begin(space, storage, folders[1])
    status, said = other.wait()
    assert status == 0, said
    check(storage, folders, widths)


@pytest.mark.cluster
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_four_workers_on_postgresql_of_which_one_is_killed_and_the_server_restarted(tmp_path: Path) -> None:
    widths = [8, 16, 24, 32, 40, 48, 56, 64, 72, 80]
    space = tmp_path / "space.toml"
    space.write_text(SPACE.format(widths=", ".join(map(str, widths))))
    folders = [tmp_path / name for name in ("one", "two", "three", "four")]
    with postgresql() as server:
        workers = [begin(space, server.address, folder) for folder in folders]
        kill(workers[2], folders[2])
        time.sleep(0.5)
        server.stop()
        time.sleep(2)
        server.start()
        ended = [worker.wait() for worker in workers]
        said = "\n".join(each for _, each in ended)
        assert [status for status, _ in ended] == [0, 0, -signal.SIGKILL, 0], said
        assert "The storage cannot be reached" in said
        check(server.address, folders, widths)
