"""Scores as values and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitforge.errors import RunError
from trainer.scoring.scores import Score, number, read_score, rounded

RESULTS = sorted((Path(__file__).parents[3] / "bench" / "results").glob("score-*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_files_of_earlier_scores_are_read_whole(path: Path) -> None:
    assert read_score(path).to_json() == json.loads(path.read_text())


def test_the_values_have_their_types() -> None:
    score = read_score(next(path for path in RESULTS if path.stem == "score-digits"))
    assert (score.facts.count, score.facts.dataset, score.floor.draws) == (10_000, "mnist", 3)
    assert score.metrics["frechet_distance"] == pytest.approx(0.0094, abs=1e-3)
    assert score.floor_of("frechet_distance") == pytest.approx((0.0107, 0.0014), abs=1e-4)
    assert score.memorisation is not None
    assert score.metrics["copied"] == score.memorisation.copied
    assert score.floor_of("copied") == (0, score.memorisation.error)
    assert len(score.classes.confusion) == len(score.classes.twins) == 10


def test_what_an_exported_file_carries_are_single_values() -> None:
    path = next(path for path in RESULTS if path.stem == "score-digits")
    kept, values = read_score(path).summary(), json.loads(path.read_text())
    lists = {key for key, value in values.items() if isinstance(value, list)}
    assert values.keys() - kept.keys() == lists | {"file_sha256"}
    assert values["floor"].keys() - kept["floor"].keys() == {"spread"}
    assert kept["memorisation"] == values["memorisation"]


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_finite_number(value: object) -> None:
    assert number(value) is None


def test_what_is_missing_or_odd_is_none_or_empty() -> None:
    odd = {
        "format": "x",
        "count": -1,
        "precision": "high",
        "class_shares": [1, None],
        "confusion": [[1, 2]],
        "floor": 3,
    }
    score = Score.from_json(odd)
    assert (score.facts.format, score.facts.count, score.metrics["precision"]) == (None, None, None)
    assert (score.classes.shares, score.classes.confusion, score.memorisation) == ((), (), None)
    assert score.floor_of("precision") == score.floor_of("copied") == (None, None)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 1}', '{"format": 1, "floor": 3}'])
def test_a_file_that_is_no_score_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(RunError, match="score again"):
        read_score(tmp_path / "s.json")


def test_json_has_six_digits() -> None:
    assert rounded({"a": [0.123456789, float("nan")], "b": None, "c": 3}) == {"a": [0.123457, None], "b": None, "c": 3}
