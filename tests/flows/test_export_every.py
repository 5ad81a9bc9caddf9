"""`--export-every`: ONNX files at stages of the training, which go on as if nobody had looked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from torch import Tensor

from digitforge.errors import ExportError
from export.runtime.generator import open_generator
from trainer.train import main

TINY = (
    "--dataset", "sklearn-digits", "--limit", "130", "--batch-size", "24", "--g-width", "4", "--d-width", "4",
    "--g-layers", "32", "--d-layers", "32,16", "--latent-size", "8", "--threads", "1",
)  # fmt: skip


def trained(run_dir: Path, images: int, *arguments: str, status: int = 0) -> list[str]:
    """Run one sitting; the names of what lies in exports/ then."""
    assert main([*TINY, *arguments, "--images", str(images), "--run-dir", str(run_dir)]) == status
    AcceleratorState._reset_state(reset_partial_state=True)
    return sorted(path.name for path in (run_dir / "exports").glob("*")) + sorted(
        path.name for path in (run_dir / "exports").glob(".*")
    )


def state(run_dir: Path) -> dict[str, Tensor]:
    return load_file(max((run_dir / "checkpoints").iterdir()) / "state.safetensors")


def test_exports_change_no_bit_and_are_the_averaged_generator(tmp_path: Path) -> None:
    settings = ("--preset", "mlp-dropout")  # dropout draws from torch's own stream, as new networks do
    trained(tmp_path / "plain", 144, *settings)
    names = trained(tmp_path / "watched", 144, *settings, "--export-every", "50")
    assert names == ["000000000072.onnx", "000000000120.onnx", "000000000144.onnx"]
    plain, watched = state(tmp_path / "plain"), state(tmp_path / "watched")
    assert plain.keys() == watched.keys()
    assert [name for name in plain if not plain[name].equal(watched[name])] == []
    last = open_generator(tmp_path / "watched" / "exports" / names[-1], "cpu").info.provenance
    weights = (tmp_path / "watched" / "generator.safetensors").read_bytes()
    assert (last["images_seen"], last["weights_sha256"]) == ("144", hashlib.sha256(weights).hexdigest())
    assert float(last["parity_largest_error"]) <= 1e-5


def test_what_is_there_is_not_exported_again(tmp_path: Path) -> None:
    trained(tmp_path, 48, "--export-every", "48")
    first = tmp_path / "exports" / "000000000048.onnx"
    first.write_bytes(b"as it was")
    assert trained(tmp_path, 96, "--export-every", "48") == ["000000000048.onnx", "000000000096.onnx"]
    assert first.read_bytes() == b"as it was"


def test_an_export_that_fails_is_a_line_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(weights: Path, out: Path) -> None:
        assert weights.is_file()
        raise ExportError("The exported generator differs from the trained one by 0.5.")

    monkeypatch.setattr("export.convert.exporter.export_generator", refuse)
    assert trained(tmp_path, 96, "--export-every", "48") == []
    said = capsys.readouterr().out
    assert "The export after 48 images failed: The exported generator differs from the trained one by 0.5." in said
    assert "The export after 96 images failed" in said
    assert "Trained on 96 images." in said


def test_without_onnxruntime_it_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainer.train.find_spec", lambda name: None)
    assert trained(tmp_path / "run", 96, "--export-every", "48", status=2) == []
    assert "--export-every needs onnxruntime" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
