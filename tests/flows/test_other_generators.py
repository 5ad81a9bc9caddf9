"""Generators from elsewhere in every command: all open them, or all say the same sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import helper

import digitforge
from export import doctor
from export.sample import main as sample
from tests.support.other_generators import CLASSES, KINDS, LATENT, REFUSED
from trainer.compare import main as compare
from trainer.score import main as score
from viewer.gallery import main as gallery

CHOSEN = ("view of one", "double, dynamo", "bytes, legacy", "labels, batch of 16, legacy", "quantized as it runs")
MORE = ("batch of 16, legacy", "half, legacy", "channels last, legacy", "Keras, opset 13", "quantized")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 0.001)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def scored(path: Path, *more: str) -> int:
    return score([str(path), "--dataset", "sklearn-digits", "--count", "100", *more])


@pytest.mark.parametrize("name", [*CHOSEN, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_every_command_opens_them(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.onnx"
    KINDS[name].make(path)
    generator = digitforge.open(path, "cpu")
    assert generator.sample(3).shape == (3, 28, 28)
    assert len(generator.info.classes) == (CLASSES if KINDS[name].labels else 0)
    assert generator.info.latent_size == LATENT

    assert doctor.main([str(path), "--json", str(tmp_path / "report.json")]) == 0
    rows = {row["name"]: row["value"] for row in json.loads((tmp_path / "report.json").read_text())["rows"]}
    assert rows["assumed"] == generator.notice
    assert rows["comes from"] == f"producer: {generator.info.provenance['producer']}"

    assert sample([str(path), "--count", "3", "--out", str(tmp_path / "a.npz")]) == 0
    capsys.readouterr()
    assert gallery([str(path), "--out", str(tmp_path / "pictures")]) == 0
    assert capsys.readouterr().err.count(generator.notice) == 1
    assert scored(path, "--json", str(tmp_path / "score.json")) == 0
    assert capsys.readouterr().err.count(generator.notice) == 1
    shutil.copy(tmp_path / "score.json", tmp_path / "again.json")
    scores = [str(tmp_path / "score.json"), str(tmp_path / "again.json")]
    assert compare([*scores, "--out", str(tmp_path / "page.html")]) == 0


@pytest.mark.parametrize("name", REFUSED)
def test_every_command_says_the_same_sentence(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    make, said = REFUSED[name]
    path = tmp_path / "g.onnx"
    make(path)
    with pytest.raises(digitforge.ModelRefused) as raised:
        digitforge.open(path, "cpu")
    sentence = str(raised.value)
    assert said in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")

    report = doctor.examine(path)
    assert [row.value for row in report.rows if row.status == doctor.BROKEN] == [sentence]
    commands: tuple[Callable[[], int], ...] = (
        lambda: sample([str(path), "--count", "3", "--out", str(tmp_path / "a.npz")]),
        lambda: gallery([str(path), "--out", str(tmp_path / "pictures")]),
        lambda: scored(path),
    )
    for command in commands:
        capsys.readouterr()
        assert command() == 2
        assert capsys.readouterr().err == f"error: {sentence}\n"


def test_a_score_is_not_written_into_a_file_from_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    before = path.read_bytes()
    assert scored(path, "--embed", "--json", str(tmp_path / "score.json")) == 2
    assert f"error: {path} was not exported by digitforge" in capsys.readouterr().err
    assert not (tmp_path / "score.json").exists(), "it is said before the work"
    assert path.read_bytes() == before


def test_operators_of_a_vendor_are_named(tmp_path: Path) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    model = onnx.load(path)
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    onnx.save(model, path)
    with pytest.raises(digitforge.ModelRefused, match=r"uses the operator 'com\.example\.\w+', and only standard"):
        digitforge.open(path, "cpu")
