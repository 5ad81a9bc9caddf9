from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools import reconstructions
from tools.reconstructions import COLUMNS, GAP, SCALE, TEXT, draw, main


def test_pairs_are_put_side_by_side() -> None:
    real, found = np.zeros((12, 4, 4), np.uint8), np.full((12, 4, 4), 200, np.uint8)
    sheet = np.asarray(draw(real, found, [0.1] * 12))
    side = 4 * SCALE
    assert sheet.shape == (2 * (2 * side + TEXT + GAP) + GAP, COLUMNS * (side + GAP) + GAP)
    assert (sheet[GAP : GAP + side, GAP : GAP + side] == 0).all()
    assert (sheet[GAP + side : GAP + 2 * side, GAP : GAP + side] == 200).all()


def test_the_command_draws_the_first_digits_and_the_worst(
    mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconstructions, "SEARCHED", 6)
    monkeypatch.setattr(reconstructions, "FIRST", 4)
    out = tmp_path / "a.png"
    assert main(["--out", str(out)]) == 0
    assert "6 digits; the mean error of 6 is 0.0" in capsys.readouterr().out
    with Image.open(out) as image:
        assert image.width == COLUMNS * (28 * SCALE + GAP) + GAP


def test_other_images_are_refused(
    models: dict[str, Path], mnist_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(models["digits"]), "--out", str(tmp_path / "a.png")]) == 2
    assert "does not make images like MNIST" in capsys.readouterr().err.replace("\n", " ")
