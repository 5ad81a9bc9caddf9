"""Scores during training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.forks import start_ranks, wait_for
from trainer.data import datasets
from trainer.scoring import own
from trainer.scoring.metrics import METRICS, Metric
from trainer.train import main

# Nothing is learnt, so one process and two hold the same generator.
STILL = (
    "--dataset", "sklearn-digits", "--images", "256", "--batch-size", "64", "--g-width", "8", "--d-width", "8",
    "--g-lr", "0", "--d-lr", "0", "--precision", "fp32", "--ema-halflife-images", "1e9", "--ema-warmup", "0",
    "--score-every", "128", "--score-count", "301",
)  # fmt: skip


def networks_in_seconds(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("DIGITFORGE_CACHE", str(cache))
    monkeypatch.setattr(own, "LEAST_SHOWN", 256)
    monkeypatch.setattr(own, "EPOCHS", 1)


def scores(run_dir: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "frechet_distance" in line]


def test_processes_share_the_work_and_agree_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main([*STILL, "--run-dir", str(tmp_path / "one")]) == 0
    arguments = [*STILL, "--run-dir", str(tmp_path / "two")]
    ranks = start_ranks(tmp_path / "two.txt", main, arguments, XDG_CACHE_HOME=str(tmp_path / "cache"))
    statuses, output = wait_for(ranks)
    assert statuses == [0, 0], output
    alone, together = scores(tmp_path / "one"), scores(tmp_path / "two")
    assert [line["images"] for line in alone] == [128, 256]
    assert [line["images"] for line in together] == [128, 256]
    for mine, theirs in zip(alone, together, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-3)
        assert mine["frechet_distance"] > 100 * mine["floor_frechet_distance"] > 0
        assert 0 <= mine["conditional_accuracy"] <= 1


def test_unlabelled_images_are_scored_without_an_accuracy_and_with_a_new_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(
        METRICS,
        "brightness",
        Metric(
            "brightness", "Brightness", "bright", "near", "Mean grey value.", "",
            lambda sets: float(sets.generated.pixels.float().mean()), cheap=True,
        ),
    )  # fmt: skip
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(datasets.load("sklearn-digits", None).images[:300]):
        Image.fromarray(image[0]).save(folder / f"{number:03d}.png")
    networks_in_seconds(monkeypatch, tmp_path)
    unlabelled = ["--dataset", f"folder:{folder}", "--image-size", "28", "--conditional", "false"]
    assert main([*STILL, *unlabelled, "--score-count", "100", "--run-dir", str(tmp_path / "r")]) == 0
    found = scores(tmp_path / "r")
    assert [line["images"] for line in found] == [128, 256]
    assert not any("conditional_accuracy" in line for line in found)
    assert all(line["brightness"] > 0 and line["floor_brightness"] > 0 for line in found)


def test_images_of_another_size_are_scored_with_a_network_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks_in_seconds(monkeypatch, tmp_path)
    arguments = [*STILL, "--dataset", "sklearn-digits", "--image-size", "32", "--score-count", "100"]
    assert main([*arguments, "--run-dir", str(tmp_path / "r")]) == 0
    assert all(line["frechet_distance"] > line["floor_frechet_distance"] for line in scores(tmp_path / "r"))
    assert len(list((tmp_path / "classifiers").iterdir())) == 1
