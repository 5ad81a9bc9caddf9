from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from digitforge.errors import ExportError, ModelRefused
from export import onnx as command
from export.convert import discriminator as exporting
from export.convert.discriminator import export_discriminator, load_discriminator
from export.convert.exporter import failed_report
from export.convert.graph import to_onnx
from export.runtime.discriminator import Discriminator, open_discriminator
from export.runtime.generator import open_generator
from trainer.checkpoints import pack, save
from trainer.config import ImageFormat
from trainer.networks import FAMILIES, build_discriminator, build_generator
from trainer.presets import configure
from trainer.runs import RunRecord, create

EMBEDDED = ImageFormat(1, 28, tuple("0123456789"))
NARROW: dict[str, Any] = {
    "dataset": "sklearn-digits",
    "g_width": 8,
    "d_width": 8,
    "g_layers": "16",
    "d_layers": "32,16",
}


def untrained(run_dir: Path, images: ImageFormat = EMBEDDED, **settings: Any) -> Path:
    """Write a run with one checkpoint, whose BatchNorm statistics are not the initial ones."""
    config = configure("quickstart", NARROW | settings)
    torch.manual_seed(0)
    networks = {"ema": build_generator(config, images), "discriminator": build_discriminator(config, images)}
    y = torch.eye(len(images.classes))[torch.arange(16) % len(images.classes)] if config.conditional else None
    for _ in range(3):
        made = networks["ema"](torch.randn(16, config.latent_size), y)
        networks["discriminator"](made + 0.1 * torch.randn_like(made), y)
    create(run_dir, RunRecord(config, images, "0" * 64, False, "some licence"))
    save(run_dir / "checkpoints", 640, pack(networks, {}), {}, 2)
    return run_dir


@pytest.mark.parametrize(("network", "conditional"), list(zip(FAMILIES, itertools.cycle([True, False]), strict=False)))
def test_every_family_exports_and_agrees_with_torch(tmp_path: Path, network: str, conditional: bool) -> None:
    settings: dict[str, Any] = {
        "spectral_norm": network == "dcgan",
        "self_attention": network == "conv",
        "dropout": 0.3,
    }
    run_dir = untrained(tmp_path / "run", network=network, conditional=conditional, **settings)
    out = tmp_path / "d.onnx"
    exported = export_discriminator(run_dir, out)
    assert exported.parity.largest_error <= exported.parity.allowed("fp32") < 1e-3
    opened = open_discriminator(out)
    assert opened.info == exported.info
    assert opened.info.classes == (EMBEDDED.classes if conditional else ())
    # An image is judged alone, also by networks that used batch statistics in training.
    pixels = np.random.default_rng(0).integers(0, 256, (70, 28, 28), np.uint8)
    y = opened.class_weights(EMBEDDED.classes, np.arange(70) % 10)
    alone = np.concatenate([opened.score(pixels[n : n + 1], None if y is None else y[n : n + 1]) for n in (0, 5, 69)])
    np.testing.assert_allclose(opened.score(pixels, y)[[0, 5, 69]], alone, rtol=1e-4, atol=1e-5)


def test_colour_images_in_half_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = ImageFormat(3, 32, ("cat", "dog"))
    run_dir = untrained(tmp_path / "run", images)
    random = np.random.default_rng(0)
    real, generated = (random.integers(0, 256, (100, 32, 32, 3), np.uint8) for _ in range(2))
    y = np.eye(2, dtype=np.float32)[np.arange(100) % 2]
    monkeypatch.setattr(exporting, "_judged_images", lambda *_: (real, generated, y, "noise"))
    exported = export_discriminator(run_dir, tmp_path / "d.onnx", "fp16")
    assert exported.parity.largest_error <= exported.parity.allowed("fp16")
    assert open_discriminator(tmp_path / "d.onnx").score(real, y).shape == (100,)


@pytest.fixture(scope="module")
def exported_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an exported discriminator."""
    run_dir = untrained(tmp_path_factory.mktemp("runs") / "run")
    assert command.main([str(run_dir), "--discriminator"]) == 0
    return run_dir


def test_a_trained_run_exports_its_discriminator(
    trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "d.onnx"
    assert command.main([str(trained_run), "--discriminator", "--out", str(out)]) == 0
    assert "training images, as there are no test" in capsys.readouterr().out.replace("\n", " ")
    info = open_discriminator(out).info
    assert info.provenance["images_seen"] == "3840"
    assert info.slope > 0
    assert 0.5 < float(info.provenance["accuracy"]) <= 1
    again = tmp_path / "again.onnx"
    assert command.main([str(trained_run), "--discriminator", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    for trace in (str(trained_run), "site-packages", ".py", "stack_trace"):
        assert trace.encode() not in out.read_bytes(), trace


def test_a_file_that_computes_something_else_is_never_written(
    exported_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfaithful(*arguments: Any) -> onnx.ModelProto:
        model = to_onnx(*arguments)
        bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("score.bias"))
        bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + np.float32(1e-2), bias.name))
        return model

    monkeypatch.setattr(exporting, "to_onnx", unfaithful)
    out = tmp_path / "d.onnx"
    with pytest.raises(ExportError, match=r"differs from the trained one by 0\.01.*No file was written"):
        export_discriminator(exported_run, out)
    assert list(tmp_path.iterdir()) == [failed_report(out)]
    assert len(json.loads(failed_report(out).read_text())["cases"]) == 4 * 11


def test_a_training_that_failed_is_explained(tmp_path: Path) -> None:
    # The last convolution of a residual block starts at zero, which has no spectral norm.
    run_dir = untrained(tmp_path / "run", network="residual", spectral_norm=True)
    with pytest.raises(ExportError, match="scores that are not finite"):
        export_discriminator(run_dir, tmp_path / "d.onnx")


def test_a_run_without_a_checkpoint_or_with_another_network_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="There is no run"):
        load_discriminator(tmp_path)
    run_dir = untrained(tmp_path / "run")
    settings = json.loads((run_dir / "config.json").read_text())
    settings["config"]["d_width"] = 16
    (run_dir / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ExportError, match="holds other layers"):
        load_discriminator(run_dir)
    state = next((run_dir / "checkpoints").glob("*/state.safetensors"))
    state.write_bytes(state.read_bytes()[:-10])
    with pytest.raises(ExportError, match="no complete checkpoint"):
        load_discriminator(run_dir)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--discriminator", "--smooth", "1"], "leave them out with --discriminator"),
        (["--data-dir", "."], "is for --disc"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    trained_run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(trained_run), *arguments]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def damaged(source: Path, path: Path, **metadata: str) -> Path:
    model = onnx.load(source)
    kept = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, kept | {f"digitforge.{key}": value for key, value in metadata.items()})
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"slope": "nan"}, "not a finite number"),
        ({"slope": "-1"}, "calibration is out of range"),
        ({"intercept": "1e300"}, "calibration is out of range"),
        ({"classes": "[]"}, "inputs are 'image', 'y'; its metadata declares image"),
        ({"height": "14"}, "has shape"),
        ({"kind": "generator"}, "not a discriminator"),
        ({"contract_version": "2.0"}, "follows version"),
    ],
)
def test_metadata_that_contradict_the_graph_are_refused(
    exported_run: Path, tmp_path: Path, metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(ModelRefused, match=said):
        open_discriminator(damaged(exported_run / "discriminator.onnx", tmp_path / "d.onnx", **metadata))


def test_a_generator_is_no_discriminator_and_the_other_way_round(exported_run: Path, models: dict[str, Path]) -> None:
    with pytest.raises(ModelRefused, match="not a discriminator"):
        open_discriminator(models["digits"])
    with pytest.raises(ModelRefused, match="judges images, and not a generator"):
        open_generator(exported_run / "discriminator.onnx")


@pytest.mark.parametrize("damage", ["truncated", "another operator", "not finite", "absent"])
def test_hostile_files_are_refused(exported_run: Path, tmp_path: Path, damage: str) -> None:
    path, content = tmp_path / "d.onnx", (exported_run / "discriminator.onnx").read_bytes()
    model = onnx.load(exported_run / "discriminator.onnx")
    if damage == "truncated":
        path.write_bytes(content[:-50])
    elif damage == "another operator":
        model.graph.node[0].domain = "evil"
        onnx.save(model, path)
    elif damage == "not finite":
        tensor = next(each for each in model.graph.initializer if each.data_type == onnx.TensorProto.FLOAT)
        values = onnx.numpy_helper.to_array(tensor) * np.float32("nan")
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        onnx.save(model, path)
    with pytest.raises(ExportError if damage == "absent" else ModelRefused):
        open_discriminator(path)


def test_arguments_of_a_wrong_shape_are_refused(exported_run: Path) -> None:
    opened: Discriminator = open_discriminator(exported_run)  # the run directory
    pixels = np.zeros((3, 28, 28), np.uint8)
    for wrong, y in ((pixels[:, :14], None), (pixels, None), (pixels, np.zeros((2, 10), np.float32))):
        with pytest.raises(ValueError, match=r"pixels must be|class weights"):
            opened.score(wrong, y)
