from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from trainer.data import datasets
from trainer.data.__main__ import main, named
from trainer.data.summary import polarity, summary

MakePictures = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("cache")


def test_a_folder_is_described(pictures: MakePictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, sheet = pictures(11), tmp_path / "sheet.png"
    assert main([str(root), "--out", str(sheet)]) == 0
    said = capsys.readouterr().out
    assert "folder:pictures: 11 grey images, 32x32, 2 classes, light on dark\n" in said
    assert re.search(r"^ a +6   █{24} *$", said, re.MULTILINE)
    assert re.search(r"^ b +5   █{20} *$", said, re.MULTILINE)
    assert f"--dataset folder:{root}\n" in said
    with Image.open(sheet) as drawn:
        assert drawn.size == (6 * 32 * 2, 2 * 32 * 2)
        assert drawn.getpixel((64 + 5, 5)) == 2, "the second picture of the class a"


def test_a_data_set_without_classes_is_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(200, 256, (30, 8, 8, 3)).astype(np.uint8)
    np.save(tmp_path / "a.npy", images)
    assert main([str(tmp_path / "a.npy"), "--out", str(tmp_path / "sheet.png")]) == 0
    assert "30 colour images, 8x8, no classes, dark on light" in capsys.readouterr().out


def test_bad_requests_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        ([str(tmp_path / "nothing.csv")], "There is no data set"),
        (["sklearn-digits", "--out", str(tmp_path / "a.jpg")], "must end in .png"),
        (["sklearn-digits", "--image-size", "-1"], "--image-size must be between"),
    ):
        assert main(arguments) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("a.npz", "npz:"), ("a.NPY", "npz:"), ("b.csv.gz", "csv:"), ("c.zip", "zip:"), ("d", "folder:"), ("mnist", "")],
)
def test_the_kind_of_a_file_shows_in_its_ending(tmp_path: Path, name: str, dataset: str) -> None:
    path = tmp_path / name
    if dataset == "folder:":
        path.mkdir()
    elif dataset:
        path.touch()
    assert named(str(path) if dataset else name) == (f"{dataset}{path}" if dataset else name)


def test_polarity() -> None:
    digits = datasets.load("sklearn-digits", None)
    assert polarity(digits) == "light on dark"
    assert polarity(replace(digits, images=255 - digits.images)) == "dark on light"
    assert polarity(replace(digits, images=np.full_like(digits.images, 128))) == ""
    assert summary(digits) == "1,797 grey images, 28x28, 10 classes, light on dark"


def test_looking_needs_no_torch(run: Callable[..., CompletedProcess[str]]) -> None:
    assert run("-c", "import sys, trainer.data.__main__; print('torch' in sys.modules)").stdout == "False\n"
