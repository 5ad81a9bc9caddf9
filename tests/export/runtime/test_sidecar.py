"""What a user says about a generator from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitforge.errors import ExportError, ModelRefused
from export import doctor
from export.runtime.generator import open_generator, state
from export.runtime.sidecar import Statements, parse_statements, read_statements
from export.sample import main as sample
from tests.support.other_generators import KINDS, LATENT, export


@pytest.fixture
def standardized(tmp_path: Path) -> Path:
    """Return a generator whose black and white are those of MNIST after mean and deviation were taken out."""
    export(tmp_path / "g.onnx", "standardized")
    return tmp_path / "g.onnx"


def test_a_range_that_cannot_be_told_is_asked_once(
    standardized: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 0.001)
    with pytest.raises(ModelRefused, match=r"--assume range=LOW\.\.HIGH`\.$"):
        open_generator(standardized, "cpu")
    assert sample([str(standardized), "--count", "3", "--out", str(tmp_path / "a.npz")]) == 2
    assert doctor.main([str(standardized), "--assume", "range=-0.4242..2.8215", "--assume", "latents=uniform"]) == 0
    assert json.loads((tmp_path / "g.json").read_text()) == {
        "assume": {"range": [-0.4242, 2.8215], "latents": "uniform"}
    }
    generator = open_generator(standardized, "cpu")
    assert generator.notice == (
        "This file does not say how to use it. As stated, its latents are uniform on [-1, 1] and its images lie "
        "between -0.4242 and 2.8215."
    )
    assert generator.info.latent_distribution == "uniform"
    assert sample([str(standardized), "--count", "3", "--out", str(tmp_path / "a.npz")]) == 0
    assert generator.notice in capsys.readouterr().err.replace("\n", " ")
    plain = tmp_path / "plain.onnx"
    KINDS["plain, legacy"].make(plain)
    z = np.random.default_rng(0).uniform(-1, 1, (20, LATENT)).astype(np.float32)
    np.testing.assert_allclose(generator.generate(z), open_generator(plain, "cpu").generate(z), atol=1e-3)


def test_the_option_is_kept_beside_what_is_there_already(tmp_path: Path) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    (tmp_path / "g.json").write_text('{"frechet_distance": 3}')
    assert read_statements(path) == Statements()
    out = tmp_path / "a.npz"
    assert sample([str(path), "--count", "3", "--out", str(out), "--assume", "latents=uniform"]) == 0
    assert json.loads((tmp_path / "g.json").read_text()) == {"frechet_distance": 3, "assume": {"latents": "uniform"}}
    state(path, ["range=-1..1"])
    assert read_statements(path) == Statements((-1, 1), "uniform")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"range": [1, 0]}, "has no range of two numbers, the lower one first"),
        ({"range": [0, 0]}, "has no range of two numbers"),
        ({"range": "0..1"}, "has no range of two numbers"),
        ({"range": [0, 1e300]}, "has no range of two numbers"),
        ({"range": [0, float("nan")]}, "has no range of two numbers"),
        ({"range": [True, 2]}, "has no range of two numbers"),
        ({"latents": "cauchy"}, "says latents='cauchy'; choose normal or uniform"),
        ({"latents": ["normal"]}, "choose normal or uniform"),
        ({"colour": 1}, "may say range and latents, and nothing else"),
        ([], "may say range and latents, and nothing else"),
        ({"range": [100, 255]}, "most of them not between 100 and 255, as was stated"),
    ],
)
def test_a_sidecar_that_lies_is_a_sentence(tmp_path: Path, said: Any, sentence: str) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    (tmp_path / "g.json").write_text(json.dumps({"assume": said}))
    with pytest.raises(ExportError) as raised:
        open_generator(path, "cpu")
    assert sentence in str(raised.value)
    assert str(raised.value).count("\n") == 0
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("content", ["{", "\x00", "[" * 100_000, '{"assume": '])
def test_a_sidecar_that_is_damaged_is_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    (tmp_path / "g.json").write_text(content)
    if len(content) > 2**16:  # some other file
        open_generator(path, "cpu")
    else:
        with pytest.raises(ExportError, match=r"g\.json is not valid JSON: mend it, or remove it\."):
            open_generator(path, "cpu")


@pytest.mark.parametrize(
    ("words", "statements"),
    [
        (["range=0..1"], Statements((0, 1))),
        (["range=-1..1"], Statements((-1, 1))),
        (["range=0.5..1.5"], Statements((0.5, 1.5))),
        (["range=-.5...5"], Statements((-0.5, 0.5))),
        (["range=-1e1..2.5e1", "latents=normal"], Statements((-10, 25), "normal")),
        (["range=0..1", "range=0..255"], Statements((0, 255))),
    ],
)
def test_the_option_is_read(words: list[str], statements: Statements) -> None:
    assert parse_statements(words, Statements()) == statements
    assert parse_statements(words, Statements((3, 4), "uniform")).range == statements.range


@pytest.mark.parametrize("word", ["range", "range=", "range=1", "range=0...", "range=a..b", "latents=x", "size=3", ""])
def test_an_option_that_is_not_understood_is_a_sentence(tmp_path: Path, word: str) -> None:
    path = tmp_path / "g.onnx"
    KINDS["plain, legacy"].make(path)
    with pytest.raises(ExportError, match=r"^--assume (has|says|may)"):
        state(path, [word])
    assert not (tmp_path / "g.json").exists()


def test_digitforges_own_files_say_themselves(models: dict[str, Path]) -> None:
    with pytest.raises(ExportError, match="was exported by digitforge and says how to use it: leave out --assume"):
        state(models["free"], ["range=0..1"])
    assert not models["free"].with_suffix(".json").exists()
