from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from digitforge.errors import ModelRefused
from export.contract import ContractError
from export.convert.graph import to_onnx
from export.runtime.foreign import ASSUMED
from export.runtime.generator import open_generator
from export.sample import main as sample

LATENT, SIDE = 6, 8


def elsewhere(
    path: Path, last: Sequence[str], *, tail: tuple[int, ...] = (), channels: int = 1, opset: int = 20,
    batch: int | str = "n", scale: float = 0.3, listed: bool = False, second_input: bool = False,
    shape: Sequence[int] | None = None,
) -> Path:  # fmt: skip
    """Write noise -> linear layer -> the operators `last` -> Reshape -> out; names clash with the contract's."""
    size = channels * SIDE * SIDE
    dims = list(shape or [-1, channels, SIDE, SIDE])
    weights = {
        "image": np.random.default_rng(0).standard_normal((LATENT, size)).astype(np.float32) * scale,
        "flat_shape": np.array([-1, LATENT]),
        "image_shape": np.array(dims),
    }
    nodes = [
        helper.make_node("Reshape", ["noise", "flat_shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "image"], ["z"]),
    ]
    name = "z"
    if second_input:
        weights["column"] = np.array([-1, 1])
        nodes += [
            helper.make_node("Cast", ["label"], ["number"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["number", "column"], ["numbers"]),
            helper.make_node("Add", ["z", "numbers"], ["moved"]),
        ]
        name = "moved"
    for place, operator in enumerate(last):
        nodes.append(helper.make_node(operator, [name], [f"step{place}"]))
        name = f"step{place}"
    nodes.append(helper.make_node("Reshape", [name, "image_shape"], ["out"]))
    inputs = [helper.make_tensor_value_info("noise", TensorProto.FLOAT, [batch, LATENT, *tail])]
    if second_input:
        inputs.append(helper.make_tensor_value_info("label", TensorProto.INT64, [batch]))
    initializers = [numpy_helper.from_array(value, key) for key, value in weights.items()]
    if listed:
        inputs += [helper.make_tensor_value_info(one.name, one.data_type, list(one.dims)) for one in initializers]
    outputs = [helper.make_tensor_value_info("out", TensorProto.FLOAT, [batch, *dims[1:]])]
    graph = helper.make_graph(nodes, "elsewhere", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="kit")
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("last", "how", "low", "said"),
    [
        (["Tanh"], {}, -1, "between -1 and 1 (it ends in Tanh)"),
        (["Tanh"], {"tail": (1, 1), "channels": 3}, -1, "between -1 and 1 (it ends in Tanh)"),
        (["Sigmoid"], {"opset": 9, "listed": True}, 0, "between 0 and 1 (it ends in Sigmoid)"),
        (["Sigmoid", "Identity", "Neg", "Neg"], {"tail": (1, 1)}, 0, "64 samples lie between 0."),
        (["Sin"], {"opset": 8}, -1, "64 samples lie between -1.00 and 1.00"),
    ],
)
def test_other_generators_open_with_a_notice_of_the_assumptions(
    tmp_path: Path, last: list[str], how: dict[str, Any], low: int, said: str
) -> None:
    path = elsewhere(tmp_path / "g.onnx", last, **how)
    generator = open_generator(path)
    info = generator.info
    assert (info.latent_size, info.classes, info.height, info.width) == (LATENT, (), SIDE, SIDE)
    assert said in generator.notice
    assert info.provenance[ASSUMED] == generator.notice
    assert info.provenance["producer"] == "kit"

    z = np.random.default_rng(1).standard_normal((5, LATENT), np.float32)
    inputs = {"noise": z.reshape(5, LATENT, *how.get("tail", ()))}
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, inputs)
    image = generator.generate(z)
    np.testing.assert_allclose(image, expected if low else expected * 2 - 1, atol=1e-5)
    shown = image[:, 0] if info.channels == 1 else image.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(generator.generate_pixels(z), (shown + 1) * 127.5, atol=0.51)


def test_a_network_that_torch_exported_opens(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.ConvTranspose2d(10, 16, 4), nn.BatchNorm2d(16), nn.ReLU(), nn.ConvTranspose2d(16, 3, 4, 2, 1), nn.Tanh()
    ).eval()
    model = to_onnx(network, {"input": torch.zeros(2, 10, 1, 1)}, ["output"])
    onnx.save(model, tmp_path / "dcgan.onnx")
    generator = open_generator(tmp_path / "dcgan.onnx")
    z = np.random.default_rng(0).standard_normal((3, 10), np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(z)[:, :, None, None]).numpy()
    np.testing.assert_allclose(generator.generate(z), expected, atol=1e-5)


class Conditional(nn.Module):
    """The two usual ways: an embedding, or one-hot labels."""

    def __init__(self, hot: bool) -> None:
        super().__init__()
        self.hot = hot
        self.embedding = nn.Embedding(4, 5)
        self.layer = nn.Linear(LATENT + (4 if hot else 5), SIDE * SIDE)

    def forward(self, noise: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if not self.hot:
            known = self.embedding(labels)
        elif labels.is_floating_point():
            known = labels
        else:
            known = nn.functional.one_hot(labels, 4).float()
        mixed = self.layer(torch.cat([noise, known.flatten(1)], 1))
        return torch.tanh(mixed).view(-1, 1, SIDE, SIDE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize(
    ("hot", "labels"),
    [
        (False, torch.tensor([3, 1])),
        (False, torch.tensor([[3], [1]])),
        (True, torch.tensor([3, 1])),
        (True, torch.eye(4)[[3, 1]]),
    ],
)
def test_latents_and_labels_open_with_the_classes_of_the_embedding(
    tmp_path: Path, dynamo: bool, hot: bool, labels: torch.Tensor
) -> None:
    torch.manual_seed(0)
    network = Conditional(hot).eval()
    path = tmp_path / "cgan.onnx"
    names = ["noise", "labels"]
    axes: dict[str, Any] = (
        {"dynamic_shapes": [{0: "batch"}, {0: "batch"}], "external_data": False}
        if dynamo
        else {"dynamic_axes": {name: {0: "batch"} for name in (*names, "out")}}
    )
    example = (torch.zeros(2, LATENT), labels)
    torch.onnx.export(
        network, example, str(path), dynamo=dynamo, input_names=names, output_names=["out"], verbose=False, **axes
    )
    generator = open_generator(path, "cpu")
    assert generator.info.classes == ("0", "1", "2", "3")
    assert "'labels' to take the" in generator.notice
    z = np.random.default_rng(1).standard_normal((8, LATENT), np.float32)
    numbers = torch.arange(8) % 4
    given = torch.eye(4)[numbers] if labels.is_floating_point() else numbers.view(-1, *labels.shape[1:])
    y = np.eye(4, dtype=np.float32)[numbers.numpy()]
    with torch.no_grad():
        expected = network(torch.from_numpy(z), given).numpy()
    np.testing.assert_allclose(generator.generate(z, y), expected, atol=1e-5)
    blend = np.full((1, 4), 0.25, np.float32)
    assert not any(np.allclose(generator.generate(z[:1], blend), generator.generate(z[:1], one[None])) for one in y)


def test_dropout_in_inference_mode_changes_nothing(tmp_path: Path) -> None:
    z = np.ones((2, LATENT), np.float32)
    expected = open_generator(elsewhere(tmp_path / "a.onnx", ["Tanh"]), "cpu").generate(z)
    path = elsewhere(tmp_path / "b.onnx", ["Dropout", "Tanh", "Dropout"])
    np.testing.assert_array_equal(open_generator(path, "cpu").generate(z), expected)


@pytest.mark.parametrize("as_node", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_the_training_mode_of_a_dropout_may_be_a_constant(tmp_path: Path, training: bool, as_node: bool) -> None:
    model = onnx.load(elsewhere(tmp_path / "a.onnx", ["Dropout", "Tanh"]))
    ratio, mode = (
        numpy_helper.from_array(np.array(0.5, np.float32), "ratio"),
        numpy_helper.from_array(np.array(training), "mode"),
    )
    model.graph.initializer.append(ratio)
    next(node for node in model.graph.node if node.op_type == "Dropout").input.extend(["ratio", "mode"])
    if as_node:
        model.graph.node.insert(0, helper.make_node("Constant", [], ["mode"], value=mode))
    else:
        model.graph.initializer.append(mode)
    onnx.save(model, tmp_path / "b.onnx")
    if training:
        with pytest.raises(ModelRefused, match="has a Dropout that may be in training mode"):
            open_generator(tmp_path / "b.onnx", "cpu")
    else:
        assert open_generator(tmp_path / "b.onnx", "cpu").generate(np.ones((2, LATENT), np.float32)).shape[0] == 2


def test_batch_normalization_in_training_mode_is_refused(tmp_path: Path) -> None:
    network = nn.Sequential(nn.ConvTranspose2d(10, 1, 8), nn.ReLU(), nn.BatchNorm2d(1), nn.Tanh()).eval()
    model = to_onnx(network, {"input": torch.zeros(2, 10, 1, 1)}, ["output"])
    node = next(node for node in model.graph.node if node.op_type == "BatchNormalization")
    del node.attribute[:]
    node.attribute.append(helper.make_attribute("training_mode", 1))
    onnx.save(model, tmp_path / "g.onnx")
    with pytest.raises(ModelRefused, match=r"in training mode: call `eval\(\)`"):
        open_generator(tmp_path / "g.onnx", "cpu")


def test_a_data_set_can_be_sampled_from_them(tmp_path: Path) -> None:
    path = elsewhere(tmp_path / "g.onnx", ["Tanh"])
    assert sample([str(path), "--count", "9", "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as data:
        assert data["images"].shape == (9, SIDE, SIDE)
        assert set(data["labels"]) == {-1}


@pytest.mark.parametrize(
    ("last", "how", "said"),
    [
        (
            ["Tanh"],
            {"second_input": True},
            "its labels 'label' must follow from an embedding or a OneHot, and it has neither",
        ),
        (["Tanh"], {"tail": (4, 4)}, "computes 'out' of shape [32, 1, 8, 8] for a batch of 2"),
        (["Tanh"], {"shape": [-1, 32]}, "computes 'out' of shape [4, 32] for a batch of 2"),
        (["Tanh"], {"shape": [-1, 2, 2, 16]}, "has no image output: an image is [batch, 1 or 3, height, width]"),
        (["Tanh"], {"channels": 2}, "its outputs are 'out' [batch, 2, 8, 8]"),
        (["Identity"], {"scale": 50.0}, "an image lies in"),
        (["Tanh"], {"opset": 7}, "opset 7"),
        (["Tanh"], {"shape": [-1, 1, 8, 7]}, "'Reshape' that does not fit"),
    ],
)
def test_a_file_that_makes_no_images_is_refused(
    tmp_path: Path, last: list[str], how: dict[str, Any], said: str
) -> None:
    with pytest.raises((ContractError, ModelRefused)) as raised:
        open_generator(elsewhere(tmp_path / "g.onnx", last, **how))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
