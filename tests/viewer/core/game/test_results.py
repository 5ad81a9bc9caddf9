from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from viewer.core.game.results import FoolingRate, Result, Results, fooling_rate, load, save, streak, to_csv


def result(right: int = 7, player: int = 1, fooled: int = 2, images: int = 1_024) -> Result:
    return Result("2026-01-31T12:00:00", player, "digits", images, right, 5, fooled)


def test_the_interval_is_wilsons() -> None:
    # statsmodels.stats.proportion.proportion_confint(3, 10, method="wilson")
    assert FoolingRate(3, 10).interval == pytest.approx((0.107789, 0.603222), abs=1e-5)
    assert FoolingRate(0, 10).interval == pytest.approx((0, 0.277533), abs=1e-5)
    assert FoolingRate(10, 10).interval == pytest.approx((0.722467, 1), abs=1e-5)
    assert FoolingRate(0, 0).interval == (0, 1)
    assert FoolingRate(0, 0).sentence() == ""
    assert FoolingRate(3, 10).sentence() == "3 of 10 forgeries passed for real: 30% (11% to 60%)"


def test_the_rate_and_the_streak_are_of_the_right_rounds() -> None:
    results = Results()
    for each in (result(9), result(4), result(8), result(3, player=2), result(10, images=2_048, fooled=0)):
        results = results.with_round(each)
    assert fooling_rate(results.of("digits", 1_024)) == FoolingRate(8, 20)
    assert fooling_rate(results.of("digits", 2_048)) == FoolingRate(0, 5)
    assert streak(results.rounds, 1) == 2
    assert streak(results.rounds, 2) == 0


def test_results_are_kept_and_exported(tmp_path: Path) -> None:
    path = tmp_path / "game" / "results.json"
    assert load(path) == (Results(), "")
    results = Results((result(), result(player=2)))
    assert save(results, path) == ""
    assert load(path) == (results, "")
    rows = list(csv.DictReader(io.StringIO(to_csv(results))))
    assert [row["player"] for row in rows] == ["1", "2"]
    assert rows[0]["discriminator_right"] == "-1"


@pytest.mark.parametrize("content", ["{", '{"rounds": 3}', json.dumps({"rounds": [{"when": "x"}]}), "[" * 100_000])
def test_a_damaged_file_begins_anew_and_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    results, said = load(path)
    assert results == Results()
    assert "damaged" in said


@pytest.mark.parametrize("wrong", [{"player": 3}, {"right": 11}, {"fooled": 6}])
def test_impossible_results_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be between"):
        result(**wrong)
