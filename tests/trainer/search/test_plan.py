"""What each trial tries, with Optuna itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from digitforge.errors import ConfigError
from trainer.search.plan import Plan
from trainer.search.space import Space, build_space
from trainer.search.storage import Trials, open_study

SEARCH: dict[str, Any] = {
    "g_lr": {"low": 1e-5, "high": 1e-2, "log": True}, "g_width": {"low": 8, "high": 64, "step": 8},
    "beta2": [0.9, 0.99], "gamma": ["0", "1"], "conditional": [True, False],
}  # fmt: skip


def space(**keys: Any) -> Space:
    return build_space({"images": 1000, "search": SEARCH} | keys)


def tried(study: optuna.Study, plan: Plan, count: int) -> list[dict[str, Any]]:
    found = []
    for _ in range(count):
        trial = study.ask()
        found.append(plan.suggest(trial))
        study.tell(trial, float(trial.number % 5))
    return found


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_the_preset_comes_first_though_the_space_lacks_it_and_stopping_changes_no_draw(sampler: str) -> None:
    searched = space(sampler=sampler, trials=30)
    study = optuna.create_study(sampler=Plan(searched))
    whole = tried(study, Plan(searched), 14)
    assert whole[0] == searched.preset_values()
    assert not {"gamma", "g_lr"} & study.trials[0].params.keys(), "schedules lie in no range"
    assert study.trials[0].params["beta2"] == 0.99
    assert len({str(values) for values in whole}) > 10
    for values in whole[1:]:
        assert values["g_width"] % 8 == 0
        assert 1e-5 <= float(values["g_lr"]) <= 1e-2
        assert values["gamma"] in ("0", "1")
    again = optuna.create_study(sampler=Plan(searched))
    first = tried(again, Plan(searched), 6)
    again.sampler = Plan(searched)  # as a new process begins
    assert first + tried(again, Plan(searched), 8) == whole


def test_a_grid_is_tried_once_each() -> None:
    # Written as binary fractions, the step's end is 0.7999999999999999.
    searched = space(sampler="grid", search={"g_width": [16, 24, 40], "beta2": {"low": 0.7, "high": 0.8, "step": 0.1}})
    found = tried(optuna.create_study(sampler=Plan(searched)), Plan(searched), searched.trials)
    assert {values["beta2"] for values in found[1:]} == {0.7, 0.8}
    assert searched.trials == 7
    assert sorted(map(str, found)) == sorted(map(str, [searched.preset_values(), *searched.grid()]))


def test_a_search_does_not_go_on_in_another_space(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'search.db'}"
    open_study(space(trials=5), "s", address)
    open_study(space(trials=9, repeats=0), "s", address)
    with pytest.raises(ConfigError, match="another space \\(images: 2000, not 1000\\): choose another --dir"):
        open_study(space(images=2000), "s", address)


@pytest.mark.parametrize("address", ["postgresql://me:secret@127.0.0.1:1/x", "nonsense", "sqlite:////nowhere/x.db"])
def test_a_storage_that_cannot_be_opened_is_one_sentence(address: str) -> None:
    with pytest.raises(ConfigError, match="cannot be opened") as refused:
        open_study(space(), "s", address)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_each_trial_is_one_processs_own_and_an_interrupted_one_goes_on(tmp_path: Path, kind: str) -> None:
    searched = space(trials=3)
    address = f"{kind}:///{tmp_path / 'shared'}"
    first, second = (Trials(open_study(searched, "s", address), searched, tmp_path) for _ in range(2))
    elsewhere = Trials(open_study(searched, "s", address), searched, tmp_path / "other")
    mine, theirs, others = first.take(), second.take(), elsewhere.take()
    assert mine
    assert theirs
    assert others
    assert [mine.number, theirs.number, others.number] == [0, 1, 2]
    assert second.take() is None, "all are taken, and their processes live"
    first.release(0)  # as the end of its process does
    taken = second.take()
    assert taken is not None
    assert taken.number == 0
    assert len(first.study.trials) == 3
    second.abandon_others()
    assert [each.state.name for each in first.study.trials] == ["RUNNING", "RUNNING", "FAIL"]
    fewer = Trials(open_study(space(trials=1), "s", address), space(trials=1), tmp_path)
    assert [each.number for each in fewer.running()] == [0], "what is beyond `trials` waits for more of them"
