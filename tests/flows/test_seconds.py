"""Runs that end by the clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.forks import start_ranks, wait_for
from trainer.train import main

SMALL = (
    "--dataset", "sklearn-digits", "--batch-size", "64", "--g-width", "8", "--d-width", "8", "--log-every", "1e9",
    "--sample-every", "1e9", "--checkpoint-every", "1e9", "--images", "1e9", "--score-every", "1e9",
    "--score-count", "100",
)  # fmt: skip


def log(run_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]


def test_a_run_ends_by_the_clock_with_a_score_and_may_be_lengthened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run_dir = tmp_path / "r"
    arguments = [*SMALL, "--run-dir", str(run_dir), "--seconds"]
    assert main([*arguments, "1"]) == 0
    first = log(run_dir)
    said = capsys.readouterr().out
    assert "1 of 1 s, " in said, "progress is told in what ends the run"
    assert "Trained on" in said
    assert first[-1]["images"] == first[-2]["images"], "the score stands at the end"
    assert first[-1]["frechet_distance"] > 0
    assert first[-2]["seconds"] >= 1
    assert main([*arguments, "1"]) == 0
    assert log(run_dir) == first, "a finished run does no more"
    longer = first[-2]["seconds"] + 1
    assert main([*arguments, str(longer)]) == 0
    assert log(run_dir)[-1]["images"] > first[-1]["images"]
    assert log(run_dir)[-2]["seconds"] >= longer


def test_processes_end_by_the_clock_together(tmp_path: Path) -> None:
    arguments = [*SMALL, "--seconds", "1", "--run-dir", str(tmp_path / "r")]
    statuses, output = wait_for(
        start_ranks(tmp_path / "r.txt", main, arguments, XDG_CACHE_HOME=str(tmp_path / "cache"))
    )
    assert statuses == [0, 0], output
    last, score = log(tmp_path / "r")[-2:]
    assert last["images"] == score["images"]
    assert last["images"] % (16 * 64) == 0
    assert "frechet_distance" in score
