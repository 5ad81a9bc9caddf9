"""Rows added from outside the package train, score and export: the blocks of docs/extending.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from digitforge.errors import ConfigError
from export import onnx as export_command
from export.runtime.generator import open_generator
from trainer import command_line, rules
from trainer.config import ImageFormat
from trainer.data.datasets import DATASETS
from trainer.losses import LOSSES
from trainer.networks import FAMILIES, build_generator
from trainer.optimizers import OPTIMIZERS
from trainer.presets import configure
from trainer.scoring import own
from trainer.scoring.metrics import METRICS
from trainer.train import main

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
TABLES: tuple[dict[str, Any], ...] = (LOSSES, OPTIMIZERS, FAMILIES, DATASETS, METRICS)
NEW = {"loss": "squared-hinge", "optimizer": "nadam", "network": "tiny", "dataset": "bars"}


@pytest.fixture
def my_train() -> Iterator[dict[str, Any]]:
    """The file that the page's blocks make, imported; its rows are removed afterwards."""
    before = [dict(table) for table in TABLES]
    page = PAGE.read_text(encoding="utf-8").partition("## A preset")[0]
    module: dict[str, Any] = {"__name__": "my_train"}
    exec(compile("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), "my_train.py", "exec"), module)  # noqa: S102
    yield module
    for table, rows in zip(TABLES, before, strict=True):
        table.clear()
        table.update(rows)


@pytest.mark.usefixtures("my_train")
def test_new_rows_train_score_and_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(own, "LEAST_SHOWN", 256)  # for the feature network of these images
    monkeypatch.setattr(own, "EPOCHS", 1)
    run_dir = tmp_path / "run"
    flags = [part for name, value in NEW.items() for part in (command_line.flag(name), value)]
    flags += ["--images", "128", "--batch-size", "64", "--g-width", "8", "--score-every", "128", "--score-count", "100"]
    assert main([*flags, "--run-dir", str(run_dir)]) == 0

    record = json.loads((run_dir / "config.json").read_text())
    assert record["config"] | NEW == record["config"]
    lines = [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]
    (score,) = [line for line in lines if "sharpness" in line]
    assert score["images"] == 128, "after two steps"
    assert score["floor_sharpness"] > 0

    assert export_command.main([str(run_dir)]) == 0
    info = open_generator(run_dir / "generator.onnx").info
    assert (info.classes, info.provenance["licence"]) == (
        ("0", "1", "2", "3"),
        "weights: MIT; trained on bars of my own, CC0",
    )


@pytest.mark.usefixtures("my_train")
def test_help_and_rules_know_the_new_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(command_line.build_parser().format_help().split())
    assert all(value in words for value in NEW.values())
    assert rules.check(configure("digits", NEW | {"augment_target": 0.2}), 1, "cpu") == []
    with pytest.raises(ConfigError, match="no labels to smooth"):
        rules.check(configure("digits", NEW | {"label_noise": 0.1}), 1, "cpu")
    with pytest.raises(ConfigError, match="tiny family has no dropout"):
        rules.check(configure("digits", NEW | {"dropout": 0.1}), 1, "cpu")
    with pytest.raises(ConfigError, match="BatchNorm needs at least two images"):
        rules.check(configure("digits", NEW | {"batch_size": 4}), 4, "cpu")
    with pytest.raises(ConfigError, match="at most 64 pixels"):
        build_generator(configure("digits", NEW | {"conditional": False}), ImageFormat(1, 128, ()))


@pytest.mark.parametrize("setting", NEW)
def test_no_row_is_left_behind(setting: str) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is '{NEW[setting]}'"):
        configure("digits", {setting: NEW[setting]})


def test_the_page_links_to_files_that_exist() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(\.\./([^)#]*)\)", page):
        assert PAGE.parents[1].joinpath(link).exists(), link
