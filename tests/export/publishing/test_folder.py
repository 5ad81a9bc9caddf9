"""A published folder: what the Hub reads, what others run, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from huggingface_hub import ModelCard
from PIL import Image

from digitforge.hashing import sha256
from export import doctor, publish
from export.contract import GeneratorInfo
from export.publishing.card import METRICS, figures
from export.runtime.generator import open_generator
from proofs.tiny_generator import write_model
from tests.support.commands import ROOT
from trainer.scoring.metrics import METRICS as KNOWN_METRICS

SCORES = {
    "count": 1000, "dataset": "mnist", "features": "mnist", "frechet_distance": 0.02, "recall": 0.5,
    "floor": {"frechet_distance": 0.01, "recall": 0.9},
}  # fmt: skip
LICENCE = "weights: MIT; trained on MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0"
INFO = GeneratorInfo(
    6, "normal", tuple("0123456789"), 1, 12, 12,
    {"dataset": "mnist", "licence": LICENCE, "precision": "fp32", "images_seen": "1234567",
     "scores": json.dumps(SCORES)},
)  # fmt: skip
OWN = replace(
    INFO, provenance={"dataset": "folder:[x](y) <b>cats</b>", "licence": "weights: those of the training images"}
)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def refuse_network(*_: object, **__: object) -> NoReturn:
    raise AssertionError("the network was used")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scored generator of MNIST, made without a network."""
    folder = tmp_path_factory.mktemp("published")
    model = write_model(folder / "generator.onnx", INFO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse_network)
        assert publish.main([str(model), "--out", str(folder / "tiny-digits")]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["generator.onnx", "tiny-digits"], "no leftovers"
    return folder / "tiny-digits"


def test_the_hub_reads_the_card(published: Path) -> None:
    data = ModelCard.load(published / "README.md").data
    assert (data.license, data.pipeline_tag, data.library_name) == ("mit", "unconditional-image-generation", "onnx")
    assert data.datasets == ["ylecun/mnist"]
    results = data.eval_results
    assert results is not None
    found = {one.metric_type: (one.metric_value, one.metric_args) for one in results}
    assert found == {"frechet_distance": (0.02, {"floor": 0.01}), "recall": (0.5, {"floor": 0.9})}
    text = (published / "README.md").read_text("utf-8")
    assert "it had seen 1,234,567 images" in text
    assert "CC BY-SA 3.0" in text
    assert open_generator(published / "onnx" / "model.onnx").info.digest in text


def test_the_metrics_have_their_names() -> None:
    assert {key: KNOWN_METRICS[key].name for key in METRICS} == METRICS


def test_every_file_is_there_and_has_its_checksum(published: Path) -> None:
    lines = (published / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {path.relative_to(published).as_posix(): path for path in published.rglob("*") if path.is_file()}
    assert files.keys() == {*sums, "SHA256SUMS"}
    assert all(sha256(files[name]) == digest for name, digest in sums.items())
    assert {
        "README.md", "contact_sheet.png", "loop.gif", "example.py", "example.mjs", "scores.json", "onnx/model.onnx",
        "onnx/model_fp16.onnx", "onnx/test_data_set_0/input_0.pb",
    } <= files.keys()  # fmt: skip
    assert json.loads(files["scores.json"].read_text()) == SCORES
    text = (published / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert link in files
    for name in ("example.py", "example.mjs"):
        assert files[name].read_text() in text


def test_the_vectors_fit_and_half_precision_is_half_the_size(published: Path) -> None:
    whole, half = (published / "onnx" / name for name in ("model.onnx", "model_fp16.onnx"))
    (row,) = doctor._vectors(open_generator(whole, "cpu"), "CPU")
    assert row.status == doctor.OK
    assert open_generator(half, "cpu").info.provenance["precision"] == "fp16"
    assert half.stat().st_size < 0.7 * whole.stat().st_size


def test_the_python_example_runs_as_it_stands(published: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(published, tmp_path / "copy")
    done = subprocess.run([sys.executable, "example.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == "(10, 1, 12, 12) (10, 12, 12)\n", done.stderr
    with Image.open(folder / "images.png") as image:
        assert image.size == (120, 12)


def test_the_javascript_example_runs_as_it_stands(published: Path, tmp_path: Path) -> None:
    node, runtime = shutil.which("node"), ROOT / "web" / "node_modules"
    if node is None or not (runtime / "onnxruntime-web").is_dir():
        pytest.skip("needs node, and onnxruntime-web in web/node_modules: make web")
    folder = shutil.copytree(published, tmp_path / "copy")
    (folder / "node_modules").symlink_to(runtime)
    done = subprocess.run([node, "example.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert " ".join(done.stdout.split()) == "[ 10, 1, 12, 12 ] [ 10, 12, 12 ]", done.stderr


def test_own_pictures_need_a_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = write_model(tmp_path / "g.onnx", OWN), tmp_path / "cats"
    assert publish.main([str(model), "--out", str(out)]) == 2
    assert "whose licence is not known: name the licence of the weights with --license" in said(capsys)
    assert publish.main([str(model), "--out", str(out), "--license", "cc-by-4"]) == 2
    assert "which the Hub does not know" in said(capsys)
    assert not out.exists()
    assert publish.main([str(model), "--out", str(out), "--license", "cc-by-4.0"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == f"hf upload YOUR_NAME/cats {out} ."
    assert "The card has no scores: python -m trainer.score" in captured.err
    text = (out / "README.md").read_text("utf-8")
    assert ModelCard.load(out / "README.md").data.license == "cc-by-4.0"
    assert "the publisher's own pictures" in text
    assert "<b>" not in text
    assert "[x](y)" not in text


def test_figures_that_are_not_numbers_are_left_out() -> None:
    scores = {
        "recall": float("nan"),
        "precision": "0.5",
        "density": 10**400,
        "coverage": 1,
        "floor": {"coverage": None},
    }
    assert figures(scores) == [("coverage", 1.0, None)]
    assert figures({"coverage": 1, "floor": 3}) == [("coverage", 1.0, None)]


def test_the_folder_may_be_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, out = write_model(tmp_path / "g.onnx", INFO), tmp_path / "here"
    out.mkdir()
    monkeypatch.chdir(out)
    assert publish.main([str(model), "--out", "."]) == 0
    assert (out / "README.md").is_file()


def test_what_cannot_be_published_is_one_sentence(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = write_model(tmp_path / "half.onnx", replace(INFO, provenance={**INFO.provenance, "precision": "fp16"}))
    assert publish.main([str(half), "--out", str(tmp_path / "out")]) == 2
    assert "is in fp16: name the fp32 file" in said(capsys)
    assert publish.main([str(models["digits"]), "--out", str(tmp_path)]) == 2
    assert "is not an empty folder" in said(capsys)
    assert publish.main([str(tmp_path / "absent.onnx"), "--out", str(tmp_path / "out")]) == 2
    assert "There is no file" in said(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["half.onnx"]
