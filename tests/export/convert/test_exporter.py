from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from digitforge.errors import ConfigError
from export import onnx as command
from export.contract import Precision
from export.convert import exporter, parity
from export.convert.exporter import Exported, export_generator, failed_report
from export.convert.graph import to_onnx
from export.convert.provenance import describe
from export.runtime.generator import open_generator
from export.runtime.latents import latents
from export.sample import main as sample_command
from trainer.config import ImageFormat
from trainer.networks import build_generator
from trainer.networks.generator_file import GENERATOR_WEIGHTS, TrainedGenerator, load_generator, save_generator
from trainer.presets import PRESETS, configure
from trainer.runs import CONFIG_FILE, SCORES_FILE
from viewer.gallery import write_gallery

DIGITS = ImageFormat(1, 28, tuple("0123456789"))
FORMATS: dict[str, tuple[str, dict[str, Any], ImageFormat]] = {
    "digits": ("quickstart", {}, DIGITS),
    "dcgan": ("dcgan", {}, DIGITS),
    "unconditional": ("quickstart", {"conditional": False}, ImageFormat(1, 32, ())),
    "colour": ("quickstart", {"g_width": 8}, ImageFormat(3, 64, ("cat", "dog"))),
}


def untrained(folder: Path, preset: str, overrides: dict[str, Any], images: ImageFormat) -> Path:
    """Write an untrained generator whose BatchNorm statistics are not the initial ones."""
    config = configure(preset, overrides)
    torch.manual_seed(0)
    module = build_generator(config, images)
    for _ in range(3):
        y = torch.eye(len(images.classes))[torch.arange(16) % len(images.classes)] if config.conditional else None
        module(torch.randn(16, config.latent_size), y)
    path = folder / GENERATOR_WEIGHTS
    save_generator(path, TrainedGenerator(module.eval(), config, images, 12_345))
    return path


@dataclass(frozen=True)
class Sample:
    """An untrained generator and its export, which several tests read."""

    weights: Path
    file: Path
    exported: Exported


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Sample]:
    """`sample(name)`: the export of a row of FORMATS, made once."""

    @functools.cache
    def make(name: str) -> Sample:
        weights = untrained(tmp_path_factory.mktemp(name), *FORMATS[name])
        file = weights.with_name("g.onnx")
        return Sample(weights, file, export_generator(weights, file))

    return make


def test_no_path_of_this_machine_leaves_it(tmp_path: Path) -> None:
    pictures = f"folder:{tmp_path}/secret-marker/pictures"
    path = untrained(tmp_path, "quickstart", {"dataset": pictures}, DIGITS)
    facts = {"format": 1, "dataset": pictures, "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_name(SCORES_FILE).write_text(json.dumps(facts))
    out = tmp_path / "g.onnx"
    export_generator(path, out)
    provenance = open_generator(out).info.provenance
    assert provenance["dataset"] == json.loads(provenance["config"])["dataset"] == "folder:pictures"
    assert sample_command([str(out), "--count", "2", "--out", str(tmp_path / "set")]) == 0
    write_gallery(open_generator(out), tmp_path / "gallery", 0, 1.0)
    written = [out, *(tmp_path / "set").rglob("*.*"), *(tmp_path / "gallery").rglob("*.*")]
    assert len(written) >= 5
    for file in written:
        assert b"secret-marker" not in file.read_bytes(), file


@pytest.mark.parametrize(("dataset", "said"), [("kmnist", "trained on KMNIST"), ("folder:x", "those of the training")])
def test_a_run_whose_record_has_no_licence_takes_the_data_sets(tmp_path: Path, dataset: str, said: str) -> None:
    path = untrained(tmp_path, "quickstart", {"dataset": dataset}, DIGITS)
    (tmp_path / CONFIG_FILE).write_text("{}")
    assert said in describe(load_generator(path), path, "fp32").provenance["licence"]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_file_keeps_the_contract_and_agrees_with_torch(
    sample: Callable[[str], Sample], tmp_path: Path, name: str, precision: Precision
) -> None:
    made = sample(name)
    out, exported = made.file, made.exported
    if precision == "fp16":
        out = tmp_path / "g.onnx"
        exported = export_generator(made.weights, out, precision)
    result = exported.parity
    assert 0 <= result.largest_error <= parity.TOLERANCE[precision]
    assert {path.name for path in out.parent.iterdir()} <= {"g.onnx", GENERATOR_WEIGHTS}, "one file, no leftovers"
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    assert (exported.size, exported.nodes) == (out.stat().st_size, len(model.graph.node))
    info = open_generator(out).info
    assert info == exported.info
    config = info.provenance["config"].encode()
    assert info.provenance["config_sha256"] == hashlib.sha256(config).hexdigest()
    assert info.provenance["images_seen"] == "12345"
    assert info.provenance["precision"] == precision
    assert json.loads(info.provenance["config"])["preset"] == info.provenance["preset"]
    assert float(info.provenance["parity_largest_error"]) == pytest.approx(result.largest_error, rel=0.01)


def test_the_file_has_the_licence_that_the_run_recorded(tmp_path: Path) -> None:
    weights = untrained(tmp_path, *FORMATS["unconditional"])
    record = {"licence": "MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0"}
    (tmp_path / CONFIG_FILE).write_text(json.dumps(record))
    licence = export_generator(weights, tmp_path / "g.onnx").info.provenance["licence"]
    assert licence == "weights: MIT; trained on MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0"
    watched = tmp_path / "exports" / ".1.safetensors"  # where --export-every writes its weights
    watched.parent.mkdir()
    watched.write_bytes(weights.read_bytes())
    assert export_generator(watched, tmp_path / "g.onnx").info.provenance["licence"] == licence
    (tmp_path / CONFIG_FILE).unlink()
    licence = export_generator(weights, tmp_path / "g.onnx").info.provenance["licence"]
    assert licence == "weights: those of the training images"


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_is_reproducible_and_has_no_trace_of_the_machine(
    sample: Callable[[str], Sample], tmp_path: Path, name: str
) -> None:
    made = sample(name)
    again = tmp_path / "again.onnx"
    export_generator(made.weights, again)
    content = made.file.read_bytes()
    assert content == again.read_bytes()
    folders = str(Path(__file__).parents[2]), str(made.file.parent)
    for trace in (*folders, "site-packages", ".py", "stack_trace", 'File "'):
        assert trace.encode() not in content, trace


def test_a_file_that_computes_something_else_is_never_written(
    trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unfaithful(*arguments: Any) -> onnx.ModelProto:
        model = to_onnx(*arguments)
        bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("body.7.bias"))
        bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + np.float32(1e-3), bias.name))
        return model

    monkeypatch.setattr(exporter, "to_onnx", unfaithful)
    out = tmp_path / "g.onnx"
    assert command.main([str(trained_run), "--out", str(out)]) == 2
    assert "differs from the trained one" in capsys.readouterr().err.replace("\n", " ")
    assert list(tmp_path.iterdir()) == [failed_report(out)], "only the report is left"
    report = json.loads(failed_report(out).read_text())
    assert len(report["cases"]) == 4 * 11
    assert max(case["largest_error"] for case in report["cases"]) > parity.TOLERANCE["fp32"]
    assert {case["classes"] for case in report["cases"]} == {*"0123456789", "mixed"}
    monkeypatch.undo()
    assert command.main([str(trained_run), "--out", str(out)]) == 0
    assert list(tmp_path.iterdir()) == [out], "a success removes the report"


def test_weights_that_are_not_finite_fail_and_leave_the_existing_file(
    trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = load_generator(trained_run / GENERATOR_WEIGHTS)
    with torch.no_grad():
        next(trained.module.parameters())[0] = float("nan")
    save_generator(tmp_path / GENERATOR_WEIGHTS, trained)
    (tmp_path / "generator.onnx").write_bytes(b"before")
    assert command.main([str(tmp_path)]) == 2
    assert "No file was written" in capsys.readouterr().err.replace("\n", " ")
    assert (tmp_path / "generator.onnx").read_bytes() == b"before"
    assert failed_report(tmp_path / "generator.onnx").is_file()


def test_rounding_of_float32_raises_the_tolerance(sample: Callable[[str], Sample], tmp_path: Path) -> None:
    plain = sample("digits").exported.parity.allowed("fp32")
    assert plain == parity.TOLERANCE["fp32"], "small rounding errors do not raise the tolerance"
    trained = load_generator(sample("digits").weights)
    with torch.no_grad():
        for layer in trained.module.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                layer.weight *= 30
    save_generator(tmp_path / GENERATOR_WEIGHTS, trained)
    steep = export_generator(tmp_path / GENERATOR_WEIGHTS, tmp_path / "steep.onnx").parity
    assert parity.TOLERANCE["fp32"] < steep.allowed("fp32") < 1e-2


def test_half_precision_is_half_the_size_and_records_its_error(sample: Callable[[str], Sample], tmp_path: Path) -> None:
    whole = sample("digits").exported
    half = export_generator(sample("digits").weights, tmp_path / "half.onnx", "fp16")
    assert half.size == pytest.approx(whole.size / 2, rel=0.05)
    assert whole.parity.largest_error < float(half.info.provenance["parity_largest_error"]) < 1e-2


@pytest.mark.parametrize("name", ["digits", "colour"])
def test_smoothing_becomes_part_of_the_graph(sample: Callable[[str], Sample], tmp_path: Path, name: str) -> None:
    plain, smooth = sample(name).file, tmp_path / "smooth.onnx"
    assert command.main([str(plain.parent), "--out", str(smooth), "--smooth", "1.2"]) == 0
    generator = open_generator(smooth)
    assert generator.info.provenance["smoothing_sigma"] == "1.2"
    z = latents(generator.info, 0, 0, 3)
    y = np.eye(len(generator.info.classes), dtype=np.float32)[[0, 1, 0]]
    expected = gaussian_filter(open_generator(plain).generate(z, y), (0, 0, 1.2, 1.2), mode="mirror")
    np.testing.assert_allclose(generator.generate(z, y), expected, atol=1e-5)
    expected = expected[:, 0] if name == "digits" else expected.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(generator.generate_pixels(z, y), expected * 127.5 + 127.5, atol=0.51)


@pytest.mark.parametrize("sigma", ["-1", "4", "nan"])
def test_a_filter_out_of_range_is_refused(
    trained_run: Path, tmp_path: Path, sigma: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(trained_run), "--out", str(tmp_path / "g.onnx"), "--smooth", sigma]) == 2
    assert "must be between 0 and 3" in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


VARIANTS = list(itertools.product(PRESETS, (True, False), (1, 3), (28, 32, 64)))
"""Preset, whether conditional, channels, size."""


def export_one(folder: Path, preset: str, conditional: bool, channels: int, size: int) -> None:
    narrow = {"conditional": conditional, "g_width": 8, "g_layers": "32,64", "self_attention": preset == "quickstart"}
    classes = ("a", "b", "c") if conditional else ()
    images = ImageFormat(channels, size, classes)
    if preset == "dcgan" and size != 28:  # a published network with a fixed size
        with pytest.raises(ConfigError, match="makes 28x28"):
            untrained(folder, preset, narrow, images)
        return
    weights = untrained(folder, preset, narrow, images)
    info = export_generator(weights, folder / "g.onnx").info
    assert (info.channels, info.height, info.width, info.classes) == (channels, size, size, classes)


@pytest.mark.parametrize(("preset", "conditional", "channels", "size"), [*VARIANTS[::11], ("dcgan", True, 1, 32)])
def test_every_preset_exports(tmp_path: Path, preset: str, conditional: bool, channels: int, size: int) -> None:
    export_one(tmp_path, preset, conditional, channels, size)


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "conditional", "channels", "size"), VARIANTS)
def test_every_variant_of_every_preset_exports(
    tmp_path: Path, preset: str, conditional: bool, channels: int, size: int
) -> None:
    export_one(tmp_path, preset, conditional, channels, size)
