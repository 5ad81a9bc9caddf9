"""The gallery command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viewer.gallery import GIF_LIMIT_BYTES, _readable, _writes, main

ROOT = Path(__file__).parents[2]


def frames_of(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    with Image.open(path) as image:
        frames = []
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            frames.append(np.asarray(image.convert("RGB")).astype(np.uint8))
        return frames


@pytest.mark.parametrize("name", ["digits", "free", "colour", "many"])
def test_both_pictures(name: str, models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(models[name]), "--out", str(tmp_path)]) == 0
    sheet, loop = tmp_path / "contact_sheet.png", tmp_path / "loop.gif"
    assert capsys.readouterr().out.split() == [str(sheet), str(loop)]
    assert sorted(tmp_path.iterdir()) == [sheet, loop]
    assert frames_of(sheet)[0].std() > 30
    assert loop.stat().st_size < GIF_LIMIT_BYTES
    frames = frames_of(loop)
    assert len(frames) >= 60
    steps = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert min(steps) > 0, "every frame moves"
    assert steps[-1] <= max(steps[:-1]), "the end meets the beginning"


def test_two_runs_write_the_same_bytes(models: dict[str, Path], tmp_path: Path) -> None:
    written = []
    for run in ("first", "second"):
        folder = tmp_path / run
        folder.mkdir()
        result = subprocess.run(
            [sys.executable, "-m", "viewer.gallery", str(models["digits"]), "--out", str(folder), "--seed", "5"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]


def test_names_are_written_in_a_font_that_has_their_characters() -> None:
    for names in (("0", "1"), ("ü", "Ж", "A&B0"), ("0", "\U000f0000")):
        font, written = _readable(names)
        assert all(_writes(font, name) for name in written)
    assert _readable(("0", "\U000f0000"))[1] == ("0", "class 1"), "a box would name nothing"


def test_the_seed_and_truncation_matter(models: dict[str, Path], tmp_path: Path) -> None:
    sheets = []
    for extra in ([], ["--seed", "1"], ["--truncation", "0.3"]):
        assert main([str(models["digits"]), "--out", str(tmp_path), *extra]) == 0
        sheets.append((tmp_path / "contact_sheet.png").read_bytes())
    assert len(set(sheets)) == 3


def test_it_needs_no_qt() -> None:
    code = "import sys, viewer.gallery; sys.exit(any('PySide6' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False).returncode == 0


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--seed", "-1"], "--seed is -1"),
        (["--truncation", "nan"], "--truncation is nan"),
        (["--out", f"{__file__}/pictures"], "could not be written"),
    ],
)
def test_bad_input_is_one_sentence(
    extra: list[str], said: str, models: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(models["digits"]), *extra]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_file_that_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    assert main([str(path)]) == 2
    assert "not an ONNX file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_model_the_newest_exported_run_is_drawn(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert "`accelerate launch trainer/train.py`, then `python -m export.onnx`" in capsys.readouterr().err
    run_dir = Path("runs/quickstart-mnist")
    run_dir.mkdir(parents=True)
    shutil.copy(models["digits"], run_dir / "generator.onnx")
    assert main([]) == 0
    assert f"the newest exported run, {run_dir}" in capsys.readouterr().err
    assert (run_dir / "contact_sheet.png").is_file()
