"""The outcome of a search."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from trainer import command_line
from trainer.config import TrainConfig
from trainer.presets import PRESETS, Preset, configure
from trainer.search.outcome import WIDTH, Candidate, preset_row, winner_command
from trainer.search.space import build_space
from trainer.search.trial import TrialEnd, TrialProgress
from trainer.search.trials_table import TrialSummary, best_trial, changes, outcome_table, trials_table

SPACE = build_space(
    {
        "images": 50_000,
        "fixed": {"dataset": "mnist", "log_every": 99, "augment": "shift:0.1", "label_dropout": 0.25},
        "search": {"g_lr": ["1e-4,1e-5@30000", "3e-4"], "self_attention": [True, False], "g_layers": ["64,32"]},
    }
)
VALUES: dict[str, Any] = {"g_lr": "1e-4,1e-5@30000", "self_attention": True, "g_layers": "64,32"}
WINNER = Candidate(4, VALUES, tuple(TrialEnd(TrialProgress(50_048, 9, score)) for score in (1.0, 2.0, 3.0)))


def test_the_row_is_a_preset_that_trains_the_winner() -> None:
    row = preset_row("found", SPACE, WINNER)
    assert all(len(line) <= WIDTH for line in row.splitlines())
    preset = eval(f"{{{row}}}", {"Preset": Preset})["found"]  # noqa: S307
    assert isinstance(preset, Preset)
    config = TrainConfig.from_json({"preset": "quickstart", **preset.settings})
    assert config == configure("quickstart", SPACE.fixed | VALUES | {"images": 50_048, "log_every": config.log_every})
    assert "frechet_distance 2 ± 1 over 3 seeds" in preset.source
    assert "log_every" not in preset.settings, "how often is no part of a preset that had no word on it"


def test_the_command_trains_the_winner() -> None:
    arguments = shlex.split(winner_command("found", SPACE, WINNER, Path("my data")))
    asked = command_line.parse(arguments[arguments.index("trainer/train.py") + 1 :])
    assert asked.data_dir == Path("my data").resolve()
    assert asked.config == configure("quickstart", SPACE.fixed | VALUES | {"images": 50_048})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_searched_around(preset: str) -> None:
    space = build_space({"preset": preset, "images": 1000, "search": {"beta2": [0.9, 0.99]}})
    row = preset_row("found", space, Candidate(1, {"beta2": 0.9}, (TrialEnd(TrialProgress(1024, 1, 5.0)),)))
    made = eval(f"{{{row}}}", {"Preset": Preset})["found"]  # noqa: S307
    assert TrainConfig.from_json(made.settings | {"preset": preset}) == configure(
        preset, {"beta2": 0.9, "images": 1024}
    )


def test_repeats_that_failed_count_in_no_mean() -> None:
    some = Candidate(
        1,
        {},
        (
            TrialEnd(TrialProgress(1, 1, 2.0)),
            TrialEnd(TrialProgress(1, 1, 9.0), "diverged"),
            TrialEnd(TrialProgress(1, 1, 4.0)),
        ),
    )
    assert (some.mean, some.scores) == (3.0, [2.0, 4.0])
    assert some.to_json()["failed"] == ["diverged"]
    assert Candidate(1, {}, (TrialEnd(TrialProgress(1, 1, 2.0)),)).spread is None


def rows(*scores: float | None) -> list[TrialSummary]:
    states = ["failed" if score is None else "finished" for score in scores]
    return [TrialSummary(i, VALUES, states[i], TrialProgress(1, 1, score)) for i, score in enumerate(scores)]


def test_the_best_is_the_earliest_of_equals_and_the_table_keeps_it() -> None:
    found = rows(3.0, None, 1.0, 1.0, *[2.0] * 30)
    lowest, highest = best_trial(found, lower=True), best_trial(found, lower=False)
    assert lowest
    assert highest
    assert (lowest.number, highest.number) == (2, 0)
    assert best_trial(rows(None), lower=True) is None
    table = trials_table(SPACE, found, 6, Console(width=120))
    assert [str(cell) for cell in table.columns[0].cells] == ["0", "2", "30", "31", "32", "33"]
    assert table.caption == "28 more in results.json"


def test_the_tables_are_whole_in_a_narrow_terminal() -> None:
    trials = rows(0.01234, None, 1.0)
    for table in (trials_table(SPACE, trials, 6, Console(width=60)), outcome_table(SPACE, [WINNER])):
        narrow = Console(width=60, file=io.StringIO())
        narrow.print(table)
        assert isinstance(narrow.file, io.StringIO)
        said = narrow.file.getvalue()
        assert "…" not in said
        assert max(map(len, said.splitlines())) <= 60
        for word in ("Fréchet", "self_attention", "1e-4,1e-5@30000"):
            assert word in said


def test_only_what_differs_is_shown() -> None:
    assert changes(SPACE, SPACE.preset_values()) == "preset"
    assert changes(SPACE, SPACE.preset_values() | {"g_lr": "3e-4"}) == "g_lr 3e-4"
