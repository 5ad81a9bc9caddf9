"""Tables in terminals that are narrow, and in pipes."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from trainer.report.comparison import ComparedRun
from trainer.report.tables import ANY_WIDTH, show_comparison, show_score, table_console
from trainer.scoring.metrics import shown_metrics
from trainer.scoring.scores import Score, read_score

LONG = "a-run-with-a-name-that-is-longer-than-the-terminal-is-wide-by-far"


@pytest.fixture
def score(project: Path) -> Score:
    return read_score(project / "bench" / "results" / "score-digits.json")


def printed(show: Callable[[Console], None], width: int = 60) -> list[str]:
    file = io.StringIO()
    show(Console(width=width, file=file))
    return file.getvalue().splitlines()


def test_a_score_fits_sixty_columns(score: Score) -> None:
    lines = printed(lambda console: show_score(score, console))
    assert max(map(len, lines)) <= 60
    assert "…" not in "".join(lines)
    for metric in shown_metrics():
        assert any(line.strip().startswith(metric.name) for line in lines)
    assert any(line.split() == ["Precision", "0.9265", "0.9245", "±", "0.0027"] for line in lines)


@pytest.mark.parametrize("name", ["quickstart-on-mnist", LONG])
def test_a_comparison_is_split_and_not_cut(score: Score, name: str) -> None:
    runs = [ComparedRun(each, Path(each), score, None) for each in ("digits", name)]
    lines = printed(lambda console: show_comparison(runs, console))
    text = "\n".join(lines)
    assert "…" not in text
    assert all(metric.short_name in text for metric in shown_metrics())
    assert sum(name in line for line in lines) == sum("real images (floor)" in line for line in lines) > 1
    if name != LONG:
        assert max(map(len, lines)) <= 60


def test_a_comparison_is_one_table_in_a_pipe(score: Score, capsys: pytest.CaptureFixture[str]) -> None:
    console = table_console()
    assert console.width == ANY_WIDTH
    show_comparison([ComparedRun(LONG, Path(LONG), score, None)], console)
    said = capsys.readouterr().out
    assert said.count("real images (floor)") == 1
    assert LONG in said


def test_a_name_in_brackets_is_not_markup(score: Score) -> None:
    named = dataclasses.replace(score, facts=dataclasses.replace(score.facts, scored="run[red]"))
    assert printed(lambda console: show_score(named, console))[0].startswith("run[red]: ")
