"""Who takes which trial when processes vanish, and when clocks differ."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from trainer.search import storage
from trainer.search.plan import Plan
from trainer.search.space import Space, build_space
from trainer.search.storage import Trials, open_study, sqlite


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"HEARTBEAT_S": 1, "GRACE_S": 3, "POLL_S": 0.05}.items():
        monkeypatch.setattr(storage, name, seconds)


def space(trials: int) -> Space:
    return build_space({"images": 10, "trials": trials, "sampler": "grid", "search": {"g_width": [8, 16, 24, 32]}})


def trials_in(folder: Path, count: int) -> Trials:
    folder.mkdir(exist_ok=True)
    searched = space(count)
    return Trials(open_study(searched, "s", sqlite(folder.parent / "s.db")), searched, folder)


def test_a_silent_trial_is_repeated_elsewhere_and_that_of_a_living_process_is_not(tmp_path: Path) -> None:
    gone, living, other = (trials_in(tmp_path / name, 4) for name in ("gone", "living", "other"))
    lost, kept, own = gone.take(), living.take(), other.take()
    assert lost
    assert kept
    assert own
    assert [lost.number, kept.number, own.number] == [0, 1, 2]
    plan = gone.study.sampler
    assert isinstance(plan, Plan)
    lost.trial.set_user_attr("values", plan.suggest(lost.trial))
    last = other.take()
    assert last
    assert last.number == 3
    repeated = None
    while repeated is None:
        for each in (living, other):
            each._beat_at = -math.inf
            each.beat()
        repeated = other.take()
        time.sleep(0.1)
    assert repeated.number == 0
    assert repeated.trial.number == 4
    assert repeated.trial.user_attrs["values"] == lost.trial.user_attrs["values"]
    assert repeated.run_dir == tmp_path / "other" / "trial-000"
    for taken in (own, last, repeated):
        other.study.tell(taken.trial, 1.0)
        other.release(taken.number)
    assert [each.state.name for each in other.newest()] == ["COMPLETE", "RUNNING", "COMPLETE", "COMPLETE"]
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        lost.trial.set_user_attr("images", 10)  # the lost process counts nothing twice
    said: list[str] = []
    later = other.take_later(said.append)  # the living one is silent from here on
    assert later
    assert later.number == 1
    assert len(said) == 1


def test_another_machines_clock_makes_no_trial_look_abandoned(tmp_path: Path) -> None:
    other = trials_in(tmp_path / "other", 2)
    begun = optuna.trial.create_trial(state=TrialState.RUNNING)
    begun.datetime_start = datetime.now() - timedelta(hours=1)  # as a clock that is an hour slow says
    other.study.add_trial(begun)
    taken = other.take()
    assert taken
    assert taken.number == 1, "the first one may have begun just now"


def test_a_folder_has_one_name_on_all_machines(tmp_path: Path) -> None:
    one, same, other = (trials_in(tmp_path / name, 1) for name in ("one", "one", "other"))
    assert one.place == same.place != other.place
