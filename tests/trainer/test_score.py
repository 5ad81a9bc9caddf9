"""The score command, on a run that the real commands made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest
from PIL import Image

from export.onnx import main as export
from export.runtime.generator import open_generator
from trainer.score import main

PROMISED = {
    "count", "features_sha256", "frechet_distance", "kernel_distance", "classifier_score", "precision", "recall",
    "density", "coverage", "conditional_accuracy", "collapse_rate", "class_shares", "entropy_real",
    "entropy_generated", "floor",
}  # fmt: skip


@pytest.fixture
def run_dir(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(shutil.copytree(trained_run, tmp_path / "run"))


def test_a_run_and_its_export_agree(run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(run_dir), "--count", "300", "--smooth", "1"]) == 0
    assert (
        main([str(run_dir / "generator.onnx"), "--count", "300", "--smooth", "1", "--json", str(tmp_path / "s.json")])
        == 0
    )
    of_run = json.loads((run_dir / "scores.json").read_text())
    of_file = json.loads((tmp_path / "s.json").read_text())
    assert of_run.keys() >= PROMISED
    assert {"frechet_distance", "precision", "coverage", "conditional_accuracy"} <= of_run["floor"].keys()
    for name in PROMISED - {"class_shares"}:
        if isinstance(of_run[name], float):
            assert of_file[name] == pytest.approx(of_run[name], rel=1e-3, abs=2e-3), name
    assert of_run["weights_sha256"] == of_file["weights_sha256"]
    assert of_run["training_seconds"] > 0
    assert of_run["images_per_s"] > 0
    assert "real training images" in capsys.readouterr().out
    for name in ("generated", "real", "generated_smoothed", "least_confident", "most_confident"):
        with Image.open(run_dir / "scores" / f"{name}.png") as picture:
            assert picture.width > 500


def test_scores_travel_with_the_exported_file(run_dir: Path) -> None:
    with (run_dir / "log.jsonl").open("a") as log:  # of a run that has trained on
        log.write(json.dumps({"images": 10**9, "seconds": 1e6}) + "\n")
    assert main([str(run_dir), "--count", "200"]) == 0
    assert json.loads((run_dir / "scores.json").read_text())["training_seconds"] < 1e6
    assert export([str(run_dir)]) == 0
    model = run_dir / "generator.onnx"
    kept = json.loads(open_generator(model).info.provenance["scores"])
    scores = json.loads((run_dir / "scores.json").read_text())
    assert kept["frechet_distance"] == scores["frechet_distance"]
    assert kept["floor"]["coverage"] == scores["floor"]["coverage"]
    graph, digest = onnx.load(model).graph.SerializeToString(), open_generator(model).info.digest
    assert main([str(model), "--count", "150", "--embed"]) == 0
    assert json.loads(open_generator(model).info.provenance["scores"])["count"] == 150
    assert onnx.load(model).graph.SerializeToString() == graph
    assert open_generator(model).info.digest == digest
    (run_dir / "scores.json").write_text(json.dumps(scores | {"weights_sha256": "of other weights"}))
    assert export([str(run_dir)]) == 0
    assert "scores" not in open_generator(model).info.provenance


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--count", "99"], "--count must be at least 100"),
        (["--count", "5000"], "needs as many training images"),
        (["--dataset", "no-such-set"], "There is no data set"),
        (["--features", "absent.safetensors"], "python -m trainer.scoring.classifier"),
        (["--features", "inception"], "never downloaded"),
        (["--smooth", "-1"], "between 0 and 3"),
    ],
)
def test_what_cannot_be_scored_gets_one_sentence(
    run_dir: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(run_dir), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert not (run_dir / "scores.json").exists()


@pytest.mark.parametrize("config", ["oops", '{"limit": "x"}', "[" * 10_000])
def test_a_file_that_lies_about_its_training_gets_one_sentence(
    models: dict[str, Path], tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(models["digits"])
    onnx.helper.set_model_props(
        model, {each.key: each.value for each in model.metadata_props} | {"digitforge.provenance.config": config}
    )
    onnx.save(model, tmp_path / "liar.onnx")
    assert main([str(tmp_path / "liar.onnx"), "--dataset", "sklearn-digits"]) == 2
    assert "has unreadable training settings in its metadata" in capsys.readouterr().err


def test_a_score_that_cannot_be_written_is_shown(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(run_dir), "--count", "100", "--json", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "it is a folder" in said.err
    assert "Fréchet distance" in said.out


def test_models_of_other_images_are_refused(models: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(models["digits"]), "--dataset", "sklearn-digits"]) == 2
    assert "makes 1 x 12 x 12 images, but sklearn-digits has 1 x 28 x 28" in capsys.readouterr().err
    assert main([str(models["digits"])]) == 2
    assert "--dataset" in capsys.readouterr().err
    assert main(["nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_without_an_argument_the_newest_run_is_scored(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--count", "100"]) == 2
    assert "accelerate launch trainer/train.py" in capsys.readouterr().err
    Path("runs").mkdir()
    run_dir.rename("runs/mine")
    assert main(["--count", "100"]) == 0
    assert f"The newest run: {Path('runs/mine')}" in capsys.readouterr().out
    assert Path("runs/mine/scores.json").is_file()
