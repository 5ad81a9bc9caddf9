"""The command that opens the application."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge.hashing import sha256
from export.runtime.generator import open_generator
from viewer.core.files.saving import ExportSpec, Subject, save
from viewer.core.picture.look import Look
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState

ROOT = Path(__file__).parents[2]


def viewer(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "viewer", *map(str, arguments)],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux's")


def test_a_screenshot_shows_the_window_with_its_first_frame(models: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "window.png"
    result = viewer(models["digits"], "--screenshot", path, "--size", "1000x760")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == [path]
    with Image.open(path) as image:
        assert image.size == (1000, 760)
        window = np.asarray(image.convert("RGB"))
    canvas, side = window[120:640, 60:640], window[100:700, 700:]
    assert canvas.std() > 30, "the grid has bright and dark"
    assert len(np.unique(canvas.reshape(-1, 3), axis=0)) > 50
    assert (np.abs(side.astype(int) - (0xF2, 0xA1, 0x54)).sum(axis=2) < 12).sum() > 500, "the controls are there"


def test_a_run_directory_is_opened(models: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "generator.onnx").write_bytes(models["free"].read_bytes())
    assert viewer(run, "--screenshot", tmp_path / "window.png").returncode == 0
    assert (tmp_path / "window.png").stat().st_size > 10_000


def exported(model: Path, path: Path, seed: int) -> Path:
    """Export the grid of a seed in colours, so that a restored window is colourful."""
    generator = open_generator(model, "cpu")
    opened = Opened(1, model, generator.info, generator.provider, "", sha256(model))
    subject = Subject(opened, ViewState(seed=seed, look=Look("viridis")))
    return save(subject, ExportSpec(path.suffix[1:]), path, lambda *_: None)


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.gif"])
def test_an_exported_picture_restores_its_generator_and_settings(
    models: dict[str, Path], tmp_path: Path, name: str
) -> None:
    model = tmp_path / "mine.onnx"
    model.write_bytes(models["digits"].read_bytes())
    picture = exported(model, tmp_path / name, seed=3)
    result = viewer(picture, "--screenshot", tmp_path / "window.png", "--size", "1000x760")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    with Image.open(tmp_path / "window.png") as image:
        canvas = np.asarray(image.convert("RGB"))[120:640, 100:640].astype(int)
    assert (np.ptp(canvas, axis=2) > 60).mean() > 0.3, "the colours are restored"


def test_pictures_that_cannot_be_restored(models: dict[str, Path], tmp_path: Path) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "holiday.png")
    lost = tmp_path / "lost.onnx"
    lost.write_bytes(models["digits"].read_bytes() + b"\x7a\x04mine")
    exported(lost, tmp_path / "orphan.png", seed=3)
    lost.unlink()
    for name, said in (
        ("holiday.png", "carries no recipe"),
        ("orphan.png", "made with lost.onnx"),
        ("missing.gif", "There is no file"),
    ):
        result = viewer(tmp_path / name, "--screenshot", tmp_path / "window.png")
        assert result.returncode == 2, name
        assert said in result.stderr
        assert result.stderr.count("\n") == 1, result.stderr
    assert not (tmp_path / "window.png").exists()


def test_models_that_do_not_open(models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("hello")
    (tmp_path / "short.onnx").write_bytes(models["digits"].read_bytes()[:400])
    (tmp_path / "empty").mkdir()
    for name in ("missing.onnx", "text.onnx", "short.onnx", "empty"):
        result = viewer(tmp_path / name, "--screenshot", tmp_path / "window.png")
        assert result.returncode == 2, name
        assert result.stderr.count("\n") == 1, result.stderr
        assert name in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "window.png").exists()


def test_a_screenshot_into_nowhere(models: dict[str, Path], tmp_path: Path) -> None:
    result = viewer(models["digits"], "--screenshot", tmp_path / "nowhere" / "window.png")
    assert result.returncode == 2
    assert result.stderr.startswith("error: There is no folder")


@linux
def test_without_a_display_it_says_so(models: dict[str, Path]) -> None:
    result = viewer(models["digits"])
    assert result.returncode == 2
    assert "no display" in result.stderr
    assert result.stderr.count("\n") == 1


@linux
def test_a_display_that_is_not_there_is_no_abort(models: dict[str, Path]) -> None:
    result = viewer(models["digits"], DISPLAY=":98765")
    assert result.returncode == 2
    assert "could not open a window" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("package", ["PySide6", "onnxruntime"])
def test_a_missing_package_is_named(package: str, models: dict[str, Path], tmp_path: Path) -> None:
    # A module that is None in sys.modules imports as one that is not installed.
    code = (
        f"import sys; sys.modules[{package!r}] = None; from viewer.__main__ import main; "
        f"sys.exit(main([{str(models['digits'])!r}, '--screenshot', {str(tmp_path / 'window.png')!r}]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 2
    assert (
        result.stderr == f'error: {package} is not installed; install it with `pip install "digitforge[viewer,cpu]"`.\n'
    )


def test_missing_system_libraries_are_named() -> None:
    from viewer.__main__ import _missing

    said = _missing(ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"))
    assert "libegl1" in said
    assert "\n" not in said
