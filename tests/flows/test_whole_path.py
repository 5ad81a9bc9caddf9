"""From training to pictures, by the commands that users type."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., "CompletedProcess[str]"]


def test_a_run_becomes_a_data_set_a_sheet_and_a_window(run: Run, trained_run: Path, tmp_path: Path) -> None:
    sampled = run("-m", "export.sample", trained_run, "--count", "40", "--out", tmp_path / "digits.npz")
    assert sampled.returncode == 0, sampled.stderr
    with np.load(tmp_path / "digits.npz") as data:
        assert data["images"].shape == (40, 28, 28)
        assert data["images"].std() > 20, "there is ink"

    pictured = run("-m", "viewer.gallery", trained_run)
    assert pictured.returncode == 0, pictured.stderr
    with Image.open(trained_run / "contact_sheet.png") as sheet, Image.open(trained_run / "loop.gif") as loop:
        assert sheet.width > 800
        assert loop.n_frames > 50  # type: ignore[attr-defined]

    shown = run("-m", "viewer", trained_run, "--screenshot", tmp_path / "window.png")
    assert shown.returncode == 0, shown.stderr
    with Image.open(tmp_path / "window.png") as window:
        assert window.size == (1180, 820)


@pytest.mark.parametrize(
    ("preset", "more"),
    [
        ("mlp", ("--conditional", "true", "--label-dropout", "0.1")),
        pytest.param("mlp-dropout", (), marks=pytest.mark.slow),
        pytest.param("mlp-dropout-deep", (), marks=pytest.mark.slow),
        pytest.param("dense-bn", (), marks=pytest.mark.slow),
        ("conv-upsample", ("--classes", "3,8", "--limit", "0")),
        ("dcgan", ("--augment", "shift:0.1,elastic:0.02")),
        pytest.param("digits", (), marks=pytest.mark.slow),  # its family is quickstart's
        ("quickstart", ("--image-size", "64", "--self-attention", "true")),
        ("stacked-mnist", ()),
    ],
)
def test_every_preset_reaches_the_window(run: Run, tmp_path: Path, preset: str, more: tuple[str, ...]) -> None:
    from export import onnx, sample
    from trainer.train import main as train

    run_dir, model = tmp_path / "run", tmp_path / "run" / "generator.onnx"
    narrow = ("--g-width", "8", "--d-width", "8", "--g-layers", "32,32", "--d-layers", "32,32")
    settings = ("--dataset", "sklearn-digits", "--batch-size", "32", "--images", "128", *narrow, *more)
    assert train(["--preset", preset, "--run-dir", str(run_dir), *settings]) == 0
    assert onnx.main([str(run_dir)]) == 0
    assert sample.main([str(model), "--count", "12", "--out", str(tmp_path / "images.npz")]) == 0
    with np.load(tmp_path / "images.npz") as data:
        assert data["images"].shape == ((12, 64, 64) if preset == "quickstart" else (12, 28, 28))
    shown = run("-m", "viewer", model, "--screenshot", tmp_path / "window.png")
    assert shown.returncode == 0, shown.stderr


def test_the_viewer_opens_on_the_bundled_generator(run: Run, tmp_path: Path) -> None:
    shown = run("-m", "viewer", "--screenshot", tmp_path / "window.png")
    assert shown.returncode == 0, shown.stderr
    with Image.open(tmp_path / "window.png") as window:
        # White ink on black cells: both are there in quantity.
        histogram = window.convert("L").resize((590, 410)).histogram()
    assert sum(histogram[230:]) > 2_000
    assert sum(histogram[:8]) > 20_000


def test_the_bundled_generator_makes_what_it_is_asked_for(run: Run, project: Path, tmp_path: Path) -> None:
    import torch

    from trainer.networks.judge import load_classifier, predict

    model = project / "viewer" / "models" / "digits.onnx"
    assert model.stat().st_size < 5_000_000
    done = run("-m", "export.sample", model, "--count", "1000", "--out", tmp_path / "a.npz")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "a.npz") as data:
        logits, _ = predict(load_classifier()[0], torch.from_numpy(data["images"])[:, None])
        assert (logits.argmax(dim=1).numpy() == data["labels"]).mean() > 0.98


@pytest.mark.parametrize("how", ["script", "module"])
def test_training_runs_from_an_installed_package(
    run: Run, project: Path, tmp_path: Path, how: str, launch_command: tuple[str, ...]
) -> None:
    site = tmp_path / "site-packages"
    for package in ("digitforge", "trainer"):
        shutil.copytree(project / package, site / package)
    what = (str(site / "trainer" / "train.py"),) if how == "script" else ("-m", "trainer.train")
    done = run(
        *launch_command[:2], *what, "--dataset", "sklearn-digits", "--images", "64", "--batch-size", "32",
        "--run-dir", tmp_path / "run", cwd=tmp_path, PYTHONPATH=str(site) if how == "module" else "",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "generator.safetensors").is_file()


def test_the_viewer_and_the_runtime_load_no_torch(run: Run) -> None:
    script = (
        "import sys, viewer.__main__, viewer.gallery, export.sample, export.invert, viewer.ui.window; "
        "print('torch' in sys.modules)"
    )
    assert run("-c", script).stdout.strip() == "False"
