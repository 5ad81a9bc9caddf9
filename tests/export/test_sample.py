from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from export.onnx import main as export
from export.runtime.discriminator import open_discriminator
from export.runtime.generator import open_generator
from export.runtime.latents import latents
from export.sample import main


def arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as data:
        return data["images"], data["labels"]


def test_images_are_those_of_the_seed_and_the_label(models: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    options = ("--count", "300", "--digit", "7", "--seed", "5", "--truncation", ".5")
    assert main([str(models["digits"]), "--out", str(out), *options]) == 0
    images, labels = arrays(out)
    assert set(labels.tolist()) == {7}
    generator = open_generator(models["digits"])
    z = latents(generator.info, 5, 290, 1) * np.float32(0.5)
    expected = generator.generate_pixels(z, np.eye(10, dtype=np.float32)[[7]])[0]
    np.testing.assert_array_equal(images[290], expected)


def test_a_longer_request_begins_with_the_shorter_one(models: dict[str, Path], tmp_path: Path) -> None:
    for count in ("100", "600"):
        main([str(models["digits"]), "--count", count, "--out", str(tmp_path / f"{count}.npz")])
    np.testing.assert_array_equal(arrays(tmp_path / "100.npz")[0], arrays(tmp_path / "600.npz")[0][:100])


def test_several_digits_and_a_shard(models: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    assert main([str(models["digits"]), "--count", "9", "--digit", "3,8", "--shard", "2/2", "--out", str(out)]) == 0
    assert arrays(out)[1].tolist() == [3, 8, 3, 8, 3]


def test_the_second_time_the_command_says_that_the_images_exist(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(models["colour"]), "--count", "9", "--out", str(tmp_path / "set"), "--digit", "hedgehog"]
    assert main(command) == 0
    assert "existed already" not in capsys.readouterr().out
    assert main(command) == 0
    assert "9 images, which existed already" in capsys.readouterr().out
    card = json.loads((tmp_path / "set" / "card.json").read_text())
    assert card["images"] == {"all": 9, "by_class": {"cat": 0, "dog": 0, "hedgehog": 9}}


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        ("digits", ["--count", "0"], "between 1 and"),
        ("digits", ["--count", "5", "--seed", "-1"], "must not be negative"),
        ("digits", ["--count", "5", "--truncation", "9"], "between 0 and 2"),
        ("digits", ["--count", "5", "--digit", "ten"], "no class 'ten'"),
        ("digits", ["--count", "5", "--digit", "3,x"], "no class 'x'"),
        ("digits", ["--count", "5", "--shard", "3"], "must be I/N"),
        ("digits", ["--count", "5", "--shard", "3/2"], "must be I/N"),
        ("digits", ["--count", "5", "--format", "png"], "needs a folder"),
        ("digits", ["--count", "5", "--min-confidence", "0.9"], "takes images of (28, 28)"),
        ("free", ["--count", "5", "--digit", "3"], "unconditional"),
        ("digits", ["--count", "5", "--min-realism", "0.5"], "give both, or neither"),
        ("digits", ["--count", "5", "--min-realism", "0.5", "--discriminator", "no.onnx"], "no discriminator no.onnx"),
    ],
)
def test_bad_requests_are_explained_and_write_nothing(
    models: dict[str, Path], tmp_path: Path, model: str, arguments: list[str], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main([str(models[model]), *arguments, "--out", str(tmp_path / "a.npz")]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_images_below_the_realism_are_generated_again(
    trained_run: Path, models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge, out = tmp_path / "judge.onnx", tmp_path / "a.npz"
    assert export([str(trained_run), "--discriminator", "--out", str(judge)]) == 0
    options = ["--discriminator", str(judge), "--min-realism", "1e-06"]
    assert main([str(trained_run), "--count", "9", "--out", str(out), *options]) == 0
    discriminator, (images, labels) = open_discriminator(judge), arrays(out)
    realism = discriminator.realism(images, discriminator.class_weights(discriminator.info.classes, labels))
    assert realism.min() >= 1e-6
    card = json.loads((tmp_path / "a.card.json").read_text())
    assert "--discriminator judge.onnx --min-realism 1e-06" in card["command"]
    assert card["discriminator_sha256"] == hashlib.sha256(judge.read_bytes()).hexdigest()
    assert main([str(models["digits"]), "--count", "9", "--out", str(tmp_path / "b.npz"), *options]) == 2
    assert "takes images of 28x28 pixels" in capsys.readouterr().err.replace("\n", " ")
