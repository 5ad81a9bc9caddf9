"""The table of metrics, and a metric that is added to it from outside."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from digitforge.errors import ConfigError
from trainer import compare
from trainer.score import main
from trainer.scoring.measure import Comparison
from trainer.scoring.metrics import METRICS, Metric
from trainer.search.space import build_space


def test_short_names_fit_into_columns() -> None:
    assert all(0 < len(metric.short_name) <= 10 for metric in METRICS.values())


def test_the_docs_list_every_metric(project: Path) -> None:
    rows = [
        f"| {metric.name} | `{metric.key}` | {metric.better} | {metric.help} | {metric.source} |"
        for metric in METRICS.values()
        if metric.shown
    ]
    assert "\n".join(rows) in (project / "docs" / "scores.md").read_text(encoding="utf-8")


def sharpness(sets: Comparison) -> float:
    return float(sets.generated.pixels.float().diff(dim=-1).abs().mean())


def test_a_new_metric_is_one_row(
    trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(
        METRICS,
        "sharpness",
        Metric(
            "sharpness",
            "Sharpness",
            "sharp",
            "near",
            "Mean difference of neighbouring pixels.",
            "",
            sharpness,
            cheap=True,
        ),
    )
    run_dir = Path(shutil.copytree(trained_run, tmp_path / "run"))
    assert main([str(run_dir), "--count", "150"]) == 0
    values = json.loads((run_dir / "scores.json").read_text())
    assert values["sharpness"] > 0
    assert values["floor"]["sharpness"] > 0
    assert "sharpness" in values["floor"]["spread"]
    assert "Sharpness" in capsys.readouterr().out
    assert "Mean difference of neighbouring pixels." in (run_dir / "report.html").read_text()
    assert compare.main([str(run_dir), "--out", str(tmp_path / "c.html"), "--json", str(tmp_path / "c.json")]) == 0
    assert json.loads((tmp_path / "c.json").read_text())["runs"][0]["sharpness"] == values["sharpness"]
    assert "sharp" in capsys.readouterr().out


def test_a_cheap_metric_can_be_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    space = {"images": 1000, "objective": "sharpness", "search": {"g_width": [32, 64]}}
    with pytest.raises(ConfigError, match="sharpness"):
        build_space(space)
    monkeypatch.setitem(
        METRICS, "sharpness", Metric("sharpness", "Sharpness", "sharp", "higher", "", "", sharpness, cheap=True)
    )
    assert not build_space(space).lower
