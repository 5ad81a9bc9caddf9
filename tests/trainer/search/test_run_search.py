"""Whole searches over a trainer that only pretends: real processes, real Optuna, logs like the trainer's."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from tests.support import pretend
from tests.support.forks import Fork, wait_for

HEAD = "preset = 'digits'\nimages = 30\nscore_every = 10\nsampler = 'grid'\npruner = 'none'\nrepeats = 2\n"


def begin(folder: Path, toml: str, *more: str, name: str = "space") -> Fork:
    space = folder.parent / f"{name}.toml"
    space.write_text(toml)
    output = folder.parent / f"output-{len(list(folder.parent.glob('output-*')))}"
    output.touch()
    return Fork(output, pretend.search, [str(space), "--dir", str(folder), *more], COLUMNS="120")


def search(folder: Path, toml: str, *more: str) -> tuple[int, str]:
    return begin(folder, toml, *more).wait()


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def test_a_grid_is_searched_its_failures_are_kept_and_the_winner_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD}[search]\ng_width = [16, 24, 64]\nbeta1 = [0.0, 0.2]\n"
    status, said = search(folder, toml)
    assert status == 0, said
    found = results(folder)
    assert len(found["trials"]) == 6
    assert found["trials"][0] == {
        "trial": 0, "values": {"g_width": 64, "beta1": 0.0}, "state": "finished", "score": 64, "images": 30,
        "seconds": 3, "sentence": "",
    }  # fmt: skip
    failed = [each for each in found["trials"] if each["state"] == "failed"]
    assert {each["values"]["g_width"] for each in failed} == {16, 24, 64}
    assert {each["sentence"] for each in failed} == {"training has diverged."}
    assert "training has diverged." in said
    preset, winner = found["repeated"]
    assert (preset["scores"], preset["mean"], preset["spread"]) == ([64, 65, 66], 65, 1)
    assert (winner["values"]["g_width"], winner["scores"]) == (16, [16, 17, 18])
    assert '"space": Preset(' in (folder / "winner.txt").read_text()
    for plot in ("history", "slice", "parallel", "importances"):
        assert (folder / f"{plot}.png").read_bytes()[:4] == b"\x89PNG"
    assert search(folder, toml)[0] == 0
    assert results(folder) == found, "what is over does no more"
    assert (folder / "trial-000" / "sessions").read_text() == "0\n"


def test_a_killed_search_goes_on_with_the_trial_it_was_at(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD.replace('repeats = 2', 'repeats = 0')}[search]\ng_width = [16, 64]\n[fixed]\nbeta1 = 0.3\n"
    process, log = begin(folder, toml), folder / "trial-001" / "log.jsonl"
    while process.running and not log.is_file():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait()[0] == -signal.SIGKILL
    status, said = search(folder, toml)
    assert status == 0, said
    found = results(folder)["trials"]
    assert [(each["trial"], each["state"], each["images"]) for each in found] == [
        (0, "finished", 30),
        (1, "finished", 30),
    ]
    assert (folder / "trial-000" / "sessions").read_text() == "0\n"
    begun = [int(line) for line in (folder / "trial-001" / "sessions").read_text().splitlines()]
    assert len(begun) == 2
    assert 0 < begun[1] < 3, "it went on where it was"
    images = [json.loads(line)["images"] for line in log.read_text().splitlines()]
    assert images == [10, 20, 30], "no process of the killed search wrote beside it"


def test_ctrl_c_is_a_sentence_and_leaves_the_trial_to_the_next_session(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD}trials = 2\n[search]\ng_width = [16, 64]\n[fixed]\nbeta1 = 0.3\n"
    process = begin(folder, toml)
    while process.running and not (folder / "trial-000" / "log.jsonl").is_file():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    status, said = process.wait()
    assert status == 130
    assert said == "Stopped; the running trial is saved. To continue, give the same command again.\n"
    assert results(folder)["trials"][0]["state"] == "running"


def test_a_trial_that_another_machine_gives_up_is_left_and_the_search_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD.replace('repeats = 2', 'repeats = 0')}[search]\ng_width = [16, 64]\n[fixed]\nbeta1 = 0.3\n"
    process = begin(folder, toml)
    while process.running and not (folder / "trial-000" / "log.jsonl").is_file():
        time.sleep(0.02)
    study = optuna.load_study(study_name="space", storage=f"sqlite:///{folder / 'search.db'}")
    study.tell(0, state=TrialState.FAIL)
    status, said = process.wait()
    assert status == 0, said
    assert "Trial 0 was given up by another machine's --abandon-others." in said
    assert [each["state"] for each in results(folder)["trials"]] == ["failed", "finished"]


def test_a_worse_trial_is_pruned_once_three_have_finished(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = HEAD.replace("'none'\nrepeats = 2", "'median'\nprune_after = 1\nrepeats = 0")
    status, said = search(folder, f"{toml}[search]\ng_width = [64, 65, 66, 67, 95, 99]\n")
    assert status == 0, said
    found = results(folder)["trials"]
    late = [each["state"] for each in found if each["trial"] >= 3 and each["values"]["g_width"] > 90]
    assert late
    assert set(late) == {"pruned"}
    assert {each["state"] for each in found if each["values"]["g_width"] < 66} == {"finished"}
    trials = optuna.load_study(study_name="space", storage=f"sqlite:///{folder / 'search.db'}").trials
    assert trials[0].intermediate_values == {1: 192, 2: 96, 3: 64}


def test_nothing_more_is_started_where_nothing_can_begin_and_all_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD}trials = 9\n[search]\ng_width = [8, 16, 24, 32]\n[fixed]\nbeta1 = 0.1\n"
    status, said = search(folder, toml)
    assert status == 2
    assert "Trials 0 and 1 could not begin, both for the same reason" in said
    assert "There is no such data set." in said
    assert "Traceback" not in said
    assert [each["state"] for each in results(folder)["trials"]] == ["running", "running"]
    again, said = search(folder, toml)
    assert again == 2
    assert "Trials 0 and 1 could not begin" in said, "they were tried again, and not counted"


def test_where_the_data_have_gone_no_trial_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    toml = f"{HEAD.replace('repeats = 2', 'repeats = 0')}[search]\ng_width = [16, 24, 32, 64]\n"
    assert search(folder, f"trials = 1\n{toml}")[0] == 0
    (folder / "no-data").touch()
    status, said = search(folder, toml)
    assert (status, "Trials 1 and 2 could not begin" in said) == (2, True)
    (folder / "no-data").unlink()
    assert search(folder, toml)[0] == 0
    assert [each["state"] for each in results(folder)["trials"]] == ["finished"] * 4


def test_the_folder_of_another_space_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    assert search(folder, f"{HEAD}[search]\ng_width = [16]\n")[0] == 0
    before = results(folder)
    status, said = begin(folder, f"{HEAD}[search]\ng_width = [24]\n", name="other").wait()
    assert (status, results(folder)) == (2, before)
    assert "is the search of another space (search.g_width: [24], not [16])" in said


def test_two_processes_share_the_trials_of_one_storage(tmp_path: Path) -> None:
    toml = f"{HEAD.replace('repeats = 2', 'repeats = 1')}[search]\ng_width = [16, 24, 32, 40, 48, 64]\n"
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    sides = [tmp_path / "one", tmp_path / "two"]
    statuses, said = wait_for([begin(side, toml, "--storage", storage) for side in sides])
    assert statuses == [0, 0], said
    trained = sorted(path.name for side in sides for path in side.glob("trial-00?"))
    assert trained == [f"trial-00{number}" for number in range(6)], "each on one side alone"
    assert any(results(side)["repeated"] for side in sides)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.txt").write_text("mine")
    status, said = search(tmp_path / "s", f"{HEAD}[search]\ng_width = [16]\n")
    assert status == 2
    assert "is not empty and is not a search" in said
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["thesis.txt"]


def test_without_optuna_the_extra_is_named(tmp_path: Path, run: Any) -> None:
    (tmp_path / "s.toml").write_text(f"{HEAD}[search]\ng_width = [16]\n")
    script = (
        "import sys, importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *more: None if name == 'optuna' else find(name, *more);"
        "from trainer.search.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = run("-c", script, tmp_path / "s.toml", "--dir", tmp_path / "s")
    assert done.returncode == 2
    assert done.stderr == 'error: A search needs optuna: pip install "digitforge[search]".\n'
    assert not (tmp_path / "s").exists()
