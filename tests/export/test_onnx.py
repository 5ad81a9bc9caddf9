from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from export import onnx as command
from export import parity
from export.contract import ExportError
from export.graph import to_onnx
from export.runtime import open_generator
from trainer.config import ImageFormat
from trainer.networks import build_generator
from trainer.networks.weights import GENERATOR_WEIGHTS, TrainedGenerator, save_generator
from trainer.presets import configure

FORMATS: dict[str, tuple[str, dict[str, Any], ImageFormat]] = {
    "digits": ("quickstart", {}, ImageFormat(1, 28, tuple("0123456789"))),
    "dcgan": ("dcgan", {}, ImageFormat(1, 28, tuple("0123456789"))),
    "unconditional": ("quickstart", {"conditional": False}, ImageFormat(1, 32, ())),
    "colour": ("quickstart", {"g_width": 8}, ImageFormat(3, 64, ("cat", "dog"))),
}


@pytest.fixture(params=FORMATS)
def weights(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run directory's untrained generator, its BatchNorm statistics stirred so that they matter."""
    preset, overrides, images = FORMATS[request.param]
    config = configure(preset, overrides)
    torch.manual_seed(0)
    module = build_generator(config, images)
    for _ in range(3):
        y = torch.eye(len(images.classes))[torch.arange(16) % len(images.classes)] if config.conditional else None
        module(torch.randn(16, config.latent_size), y)
    path = tmp_path / GENERATOR_WEIGHTS
    save_generator(path, TrainedGenerator(module.eval(), config, images, 12_345))
    return path


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_file_keeps_the_contract_and_agrees_with_torch(weights: Path, tmp_path: Path, precision: str) -> None:
    out = tmp_path / "g.onnx"
    result = command.export_generator(weights, out, precision)
    assert 0 <= result.largest_error <= parity.TOLERANCE[precision]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.onnx", GENERATOR_WEIGHTS], "one file, no leftovers"
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    info = open_generator(out).info
    assert info.provenance["images_seen"] == "12345"
    assert info.provenance["precision"] == precision
    assert json.loads(info.provenance["config"])["preset"] == info.provenance["preset"]
    assert float(info.provenance["parity_largest_error"]) == pytest.approx(result.largest_error, rel=0.01)


def test_twice_gives_the_same_bytes_without_a_trace_of_the_machine(weights: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.onnx", tmp_path / "2.onnx"
    command.export_generator(weights, first)
    command.export_generator(weights, second)
    content = first.read_bytes()
    assert content == second.read_bytes()
    for trace in (str(Path(__file__).parents[2]), str(tmp_path), "site-packages", ".py", "stack_trace", 'File "'):
        assert trace.encode() not in content, trace


def test_a_file_that_computes_something_else_never_comes_into_being(
    trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unfaithful(*arguments: Any) -> onnx.ModelProto:
        model = to_onnx(*arguments)
        bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("body.7.bias"))
        bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + np.float32(1e-3), bias.name))
        return model

    monkeypatch.setattr(command, "to_onnx", unfaithful)
    out = tmp_path / "g.onnx"
    assert command.main([str(trained_run), "--out", str(out)]) == 2
    assert "differs from the trained one" in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("measured", [(float("nan"), 0), (1e-4, 0), (0.0, 2)])
def test_the_gate_looks_at_images_and_pixels(measured: tuple[float, int]) -> None:
    parity.require(parity.Parity(1e-6, 1, 0.01), "fp32")
    with pytest.raises(ExportError):
        parity.require(parity.Parity(*measured, 0.0), "fp32")


@pytest.mark.parametrize("damage", ["absent", "none yet", "truncated", "not safetensors"])
def test_unusable_runs_get_a_sentence(
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


def test_third_parties_need_onnxruntime_and_numpy_alone(trained_run: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(trained_run / "generator.onnx"), providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == ["z", "y"]
    assert [value.name for value in session.get_outputs()] == ["image", "pixels"]
    z = np.random.default_rng(0).standard_normal((3, 64), dtype=np.float32)
    image, pixels = session.run(None, {"z": z, "y": np.eye(10, dtype=np.float32)[[2, 0, 2]]})
    assert image.shape == (3, 1, 28, 28)
    assert pixels.shape == (3, 28, 28)
    assert pixels.dtype == np.uint8
