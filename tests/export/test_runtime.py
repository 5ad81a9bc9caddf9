from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from export.checks import ModelRefused
from export.contract import ContractError, ExportError
from export.runtime import find_model, open_generator

Edit = Callable[[onnx.ModelProto], None]


def edited(source: Path, target: Path, edit: Edit) -> Path:
    model = onnx.load(source)
    edit(model)
    target.write_bytes(model.SerializeToString())
    return target


def custom_domain(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "evil.example"
    model.opset_import.append(helper.make_opsetid("evil.example", 1))


def subgraph(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["z"], [], then_branch=body, else_branch=body))


def function(model: onnx.ModelProto) -> None:
    model.functions.append(helper.make_function("local", "f", ["x"], ["x"], [], [helper.make_opsetid("", 20)]))


def external_data(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def external_constant(model: onnx.ModelProto) -> None:
    tensor = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=tensor))


def folding_bomb(model: onnx.ModelProto) -> None:
    """300 MB of zeros from a few bytes; added to the images, so that it is not pruned."""
    shape = helper.make_tensor("bomb_shape", TensorProto.INT64, [1], [75_000_000])
    axes = helper.make_tensor("bomb_axes", TensorProto.INT64, [1], [0])
    model.graph.initializer.extend([shape, axes])
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            if name == "image":
                node.output[place] = "clean"
        for place, name in enumerate(node.input):
            if name == "image":
                node.input[place] = "clean"
    model.graph.node.extend(
        [
            helper.make_node("ConstantOfShape", ["bomb_shape"], ["bomb"]),
            helper.make_node("ReduceSum", ["bomb", "bomb_axes"], ["zero"]),
            helper.make_node("Add", ["clean", "zero"], ["image"]),
        ]
    )


def rename_input(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        node.input[:] = ["noise" if name == "z" else name for name in node.input]
    model.graph.input[0].name = "noise"


def other_latent_size(model: onnx.ModelProto) -> None:
    next(entry for entry in model.metadata_props if entry.key == "digitforge.latent_size").value = "5"


def fixed_batch(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2


def double_image(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def no_metadata(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (custom_domain, ModelRefused),
        (subgraph, ModelRefused),
        (function, ModelRefused),
        (external_data, ModelRefused),
        (external_constant, ModelRefused),
        (rename_input, ContractError),
        (other_latent_size, ContractError),
        (fixed_batch, ContractError),
        (double_image, ContractError),
        (no_metadata, ContractError),
    ],
)
def test_files_that_are_no_generators_are_refused(
    models: dict[str, Path], tmp_path: Path, edit: Edit, error: type[ExportError]
) -> None:
    with pytest.raises(error) as raised:
        open_generator(edited(models["digits"], tmp_path / "edited.onnx", edit))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"PK\x03\x04 not onnx", bytes(range(256)) * 40])
def test_files_that_are_not_onnx_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match="not an ONNX file"):
        open_generator(path)


def test_a_truncated_file_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    whole = models["digits"].read_bytes()
    path = tmp_path / "x.onnx"
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ExportError):
            open_generator(path)


def test_opening_does_not_fold_small_files_into_large_memory(models: dict[str, Path], tmp_path: Path) -> None:
    path = edited(models["digits"], tmp_path / "bomb.onnx", folding_bomb)
    script = (
        "import resource, sys; from pathlib import Path; import export.runtime as r\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"r.open_generator(Path({str(models['digits'])!r})); before = peak()\n"
        f"r.open_generator(Path({str(path)!r})); print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100_000  # KiB


def test_it_runs_what_the_contract_promises(models: dict[str, Path], rng: np.random.Generator) -> None:
    for name, channels in (("digits", 1), ("colour", 3), ("free", 1)):
        generator = open_generator(models[name])
        info = generator.info
        assert generator.provider == "CPUExecutionProvider"
        for batch in (1, 5):
            z = rng.standard_normal((batch, info.latent_size)).astype(np.float32)
            y = np.eye(len(info.classes), dtype=np.float32)[[0] * batch] if info.conditional else None
            image, pixels = generator.generate(z, y), generator.generate_pixels(z, y)
            assert image.shape == (batch, channels, info.height, info.width)
            shown = image[:, 0] if channels == 1 else image.transpose(0, 2, 3, 1)
            np.testing.assert_allclose(pixels, (shown + 1) * 127.5, atol=0.51)


@pytest.mark.parametrize(
    ("z", "y"),
    [
        (np.zeros((2, 5), np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6)), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((1, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((2, 10), np.int64)),
        (np.full((2, 6), np.nan, np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), None),
    ],
)
def test_wrong_arguments_are_refused_before_the_call(models: dict[str, Path], z: object, y: object) -> None:
    generator = open_generator(models["digits"])
    with pytest.raises(ValueError, match=r"must be float32|not finite|takes z, y"):
        generator.generate_pixels(z, y)  # type: ignore[arg-type]


def test_cuda_that_is_not_there_is_an_error_only_where_it_was_asked_for(models: dict[str, Path]) -> None:
    assert open_generator(models["digits"], provider="auto").provider in (
        "CPUExecutionProvider",
        "CUDAExecutionProvider",
    )
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(ExportError, match="CUDA was asked for"):
            open_generator(models["digits"], provider="cuda")


def test_find_model(trained_run: Path, tmp_path: Path) -> None:
    assert find_model(trained_run) == trained_run / "generator.onnx"
    with pytest.raises(ExportError, match="There is no file"):
        find_model(tmp_path / "absent.onnx")
    with pytest.raises(ExportError, match="not a run directory"):
        find_model(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(ExportError, match=r"python -m export\.onnx"):
        find_model(tmp_path)
