from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from export import onnx as command
from trainer.networks.generator_file import GENERATOR_WEIGHTS


@pytest.mark.parametrize("damage", ["absent", "none yet", "truncated", "not safetensors"])
def test_unusable_runs_are_explained(
    trained_run: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "run"
    if damage != "absent":
        run_dir.mkdir()
        shutil.copy(trained_run / "config.json", run_dir)
    if damage == "truncated":
        (run_dir / GENERATOR_WEIGHTS).write_bytes((trained_run / GENERATOR_WEIGHTS).read_bytes()[:-100])
    elif damage == "not safetensors":
        (run_dir / GENERATOR_WEIGHTS).write_text("hello")
    assert command.main([str(run_dir)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error:")
    assert not (run_dir / "generator.onnx").exists()


def test_other_programs_need_only_onnxruntime_and_numpy(trained_run: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(trained_run / "generator.onnx"), providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == ["z", "y"]
    assert [value.name for value in session.get_outputs()] == ["image", "pixels"]
    z = np.random.default_rng(0).standard_normal((3, 64), dtype=np.float32)
    image, pixels = session.run(None, {"z": z, "y": np.eye(10, dtype=np.float32)[[2, 0, 2]]})
    assert image.shape == (3, 1, 28, 28)
    assert pixels.shape == (3, 28, 28)
    assert pixels.dtype == np.uint8


def test_a_name_that_looks_like_markup_is_printed_as_it_is(trained_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "[" / "q].onnx"  # together "[/q]", an invalid closing tag
    assert command.main([str(trained_run), "--out", str(out)]) == 0
    assert out.is_file()


def test_without_a_run_directory_the_newest_run_is_exported(
    trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main([]) == 2
    assert "make one with `accelerate launch trainer/train.py`." in capsys.readouterr().err
    run_dir = Path("runs/quickstart-mnist")
    run_dir.mkdir(parents=True)
    shutil.copy(trained_run / GENERATOR_WEIGHTS, run_dir)
    assert command.main([]) == 0
    assert f"the newest run, {run_dir}" in capsys.readouterr().err
    assert (run_dir / "generator.onnx").is_file()
