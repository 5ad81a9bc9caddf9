"""Generators as other tools write them, each kind with what it means. None keeps digitforge's contract."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import tqdm  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper
from torch import nn

tqdm.tqdm.monitor_interval = 0  # the exporters' progress bars would start a thread that never ends
LATENT, SIDE, CLASSES = 6, 28, 10
PIXELS = SIDE * SIDE


TAKE_CLASSES = ("one-hot", "whole one-hot", "scattered", "assigned")
"""The forms whose layers take one-hot labels."""


class Network(nn.Module):
    """A generator as tutorials have it. form: how it takes latents and labels and what it returns, by name."""

    def __init__(self, form: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.form = form
        self.embedding = nn.Embedding(CLASSES, 5) if form == "labels" else None
        known = 5 if form == "labels" else 1 if form == "a number" else CLASSES if form in TAKE_CLASSES else 0
        last = nn.Linear(16, PIXELS)
        with torch.no_grad():
            last.weight *= 4
        self.layers = nn.Sequential(nn.Linear(LATENT + known, 16), nn.BatchNorm1d(16, 0.8), nn.LeakyReLU(0.2), last)

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        if self.form == "psi" and labels is not None:
            z = z * labels
        elif self.embedding is not None:
            z = torch.cat([z, self.embedding(labels).flatten(1)], -1)
        elif self.form == "scattered" and labels is not None:
            z = torch.cat([z, torch.zeros(z.size(0), CLASSES).scatter_(1, labels.view(-1, 1), 1.0)], -1)
        elif self.form == "assigned" and labels is not None:
            known = torch.zeros(z.size(0), CLASSES)
            known[torch.arange(z.size(0)), labels] = 1
            z = torch.cat([z, known], -1)
        elif labels is not None and self.form != "unused":
            z = torch.cat([z, labels.to(z.dtype)], -1)
        if self.form == "noisy":
            z = z + torch.randn(z.size(0), LATENT)
        images: torch.Tensor = torch.tanh(self.layers(z.flatten(1)))
        match self.form:
            case "view of one":
                return images.view(1, 1, SIDE, SIDE)
            case "flat":
                return images
            case "height and width":
                return images.view(-1, SIDE, SIDE)
            case "channels last":
                return images.view(-1, 1, SIDE, SIDE).permute(0, 2, 3, 1)
            case "0 to 1":
                return ((images + 1) / 2).view(-1, 1, SIDE, SIDE)
            case "0 to 255":
                return ((images + 1) * 127.5).view(-1, 1, SIDE, SIDE)
            case "bytes":
                return ((images + 1) * 127.5).clamp(0, 255).to(torch.uint8).view(-1, 1, SIDE, SIDE)
            case "standardized":
                images = (images + 1 - 2 * 0.1307) / 2 / 0.3081
            case "beyond 1":
                images = self.layers(z) * 0.25
        return images.view(-1, 1, SIDE, SIDE)


def export(
    path: Path, form: str = "", *, dynamo: bool = False, batch: int = 0, tail: tuple[int, ...] = (LATENT,),
    labels: torch.Tensor | None = None, dtype: torch.dtype = torch.float32, opset: int | None = None,
    whole: bool = True, out_dynamic: bool = True,
) -> None:  # fmt: skip
    """Export a `Network` as its users do. batch: fixed; 0: dynamic. whole: one file instead of torch's default two."""
    network = Network(form).eval().to(dtype)
    examples = batch or (1 if form == "view of one" else 2)
    z = torch.zeros(examples, *tail, dtype=dtype)
    given = (z,) if labels is None else (z, labels if labels.dim() == 0 else labels[[0] * examples])
    names = ["z", "labels"][: len(given)]
    settings: dict[str, Any] = {}
    if dynamo:
        settings |= {"external_data": not whole}
        if not batch:
            any_size = {0: torch.export.Dim("batch")}
            settings["dynamic_shapes"] = tuple(any_size if one.dim() else None for one in given)
    elif not batch:
        dynamic = [name for name, one in zip(names, given, strict=True) if one.dim()] + ["out"] * out_dynamic
        settings["dynamic_axes"] = {name: {0: "batch"} for name in dynamic}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, given, str(path), dynamo=dynamo, opset_version=opset, input_names=names, output_names=["out"],
            verbose=False, **settings,
        )  # fmt: skip


def changed(change: Callable[[onnx.ModelProto], None], form: str = "", **how: Any) -> Callable[[Path], None]:
    """Return a function that exports a `Network` and changes the file."""

    def make(path: Path) -> None:
        export(path, form, **how)
        model = onnx.load(path)
        change(model)
        onnx.save(model, path)

    return make


def declare(size: int) -> Callable[[onnx.ModelProto], None]:
    """Return a change that declares a size of 0 or -1 for the batch."""

    def change(model: onnx.ModelProto) -> None:
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_value = size

    return change


def _psi_with_default(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array(1, np.float32), "labels"))


def quantize_weights(model: onnx.ModelProto, per_channel: bool = False) -> None:
    """Keep the matrices of a graph as 8-bit integers behind DequantizeLinear."""
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.ndim != 2 or values.dtype != np.float32:
            continue
        scale = np.abs(values).max(1 if per_channel else None).astype(np.float32) / 127
        whole = np.round(values / (scale[:, None] if per_channel else scale)).astype(np.int8)
        name = tensor.name
        model.graph.initializer.remove(tensor)
        for value, end in ((whole, "whole"), (scale, "scale"), (np.zeros(scale.shape, np.int8), "zero")):
            model.graph.initializer.append(numpy_helper.from_array(value, f"{name}_{end}"))
        node = helper.make_node("DequantizeLinear", [f"{name}_{end}" for end in ("whole", "scale", "zero")], [name])
        if per_channel:
            node.attribute.append(helper.make_attribute("axis", 0))
        model.graph.node.insert(0, node)


def _quantized(dynamic: bool = False, **settings: Any) -> Callable[[Path], None]:
    """Return a function that writes a conditional generator, quantized by onnxruntime's own tool."""

    def make(path: Path) -> None:
        from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static

        class Examples(CalibrationDataReader):  # type: ignore[misc]
            def __init__(self) -> None:
                self.rows: Iterator[int] = iter(range(20))

            def get_next(self) -> dict[str, Any] | None:
                row = next(self.rows, None)
                z = np.random.default_rng(row or 0).standard_normal((2, LATENT), np.float32)
                return None if row is None else {"z": z, "labels": np.array([row % CLASSES] * 2)}

        source = path.with_suffix(".source")
        export(source, "labels", labels=torch.tensor([1]))
        if dynamic:
            quantize_dynamic(source, path)
        else:
            quantize_static(source, path, Examples(), **settings)
        source.unlink()

    return make


def keras(path: Path, *, opset: int = 15) -> None:
    """Write what tf2onnx makes of Keras' conditional generator: channels last, and labels that may be negative."""
    random = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {
        "rows": random.standard_normal((CLASSES, LATENT)).astype(np.float32),
        "dense": random.standard_normal((LATENT, 2 * PIXELS // 4)).astype(np.float32),
        "kernel": random.standard_normal((2, 1, 4, 4)).astype(np.float32) / 3,
        "size": np.array(CLASSES, np.int32), "nothing": np.array(0, np.float32),
        "flat": np.array([-1, LATENT]), "maps": np.array([-1, SIDE // 2, SIDE // 2, 2]),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Add", ["a_1", "size"], ["plus"]),
        node("Cast", ["a_1"], ["float"], to=TensorProto.FLOAT),
        node("Less", ["float", "nothing"], ["negative"]),
        node("Not", ["negative"], ["positive"]),
        node("Cast", ["positive"], ["one"], to=TensorProto.INT32),
        node("Mul", ["a_1", "one"], ["first"]),
        node("Cast", ["negative"], ["other"], to=TensorProto.INT32),
        node("Mul", ["other", "plus"], ["second"]),
        node("Add", ["first", "second"], ["index"]),
        node("Gather", ["rows", "index"], ["embedded"], axis=0),
        node("Reshape", ["embedded", "flat"], ["embedded_flat"]),
        node("Mul", ["a_0", "embedded_flat"], ["mixed"]),
        node("MatMul", ["mixed", "dense"], ["hidden"]),
        node("LeakyRelu", ["hidden"], ["leaky"], alpha=0.2),
        node("Reshape", ["leaky", "maps"], ["last"]),
        node("Transpose", ["last"], ["channels_first"], perm=[0, 3, 1, 2]),
        node("ConvTranspose", ["channels_first", "kernel"], ["up"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Transpose", ["up"], ["channels_last"], perm=[0, 2, 3, 1]),
        node("Tanh", ["channels_last"], ["Identity:0"]),
    ]
    graph = helper.make_graph(
        nodes, "tf2onnx",
        [helper.make_tensor_value_info("a_0", TensorProto.FLOAT, ["unk__1", LATENT]),
         helper.make_tensor_value_info("a_1", TensorProto.INT32, ["unk__2", 1])],
        [helper.make_tensor_value_info("Identity:0", TensorProto.FLOAT, ["unk__3", SIDE, SIDE, 1])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 2)]
    onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=8, producer_name="tf2onnx"), path)


@dataclass(frozen=True)
class Kind:
    """A kind of generator from elsewhere."""

    make: Callable[[Path], None]
    """Writes a file."""
    batch: int = 0
    """The only batch size that its graph runs; 0: any."""
    low: float = -1
    high: float = 1
    labels: Callable[[np.ndarray], np.ndarray] | None = None
    """Makes the graph's labels from numbers of classes, int64 [n]."""
    exact: float = 1e-5
    """Largest difference of an image in [-1, 1] from what the graph returns."""
    fixed: dict[str, Any] = field(default_factory=dict)
    """Further inputs of the graph."""
    said: str = ""
    """What the notice says about it."""


def _one_hot(kind: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda labels: np.eye(CLASSES, dtype=kind)[labels]


def _exported(form: str = "", **how: Any) -> Callable[[Path], None]:
    return lambda path: export(path, form, **how)


LABEL, HOT = torch.tensor([1]), torch.eye(CLASSES)[[1]]


def _numbers(labels: np.ndarray) -> np.ndarray:
    return labels


def _column(labels: np.ndarray) -> np.ndarray:
    return labels[:, None].astype(np.int32)


KINDS: dict[str, Kind] = {
    f"{name}, {'dynamo' if dynamo else 'legacy'}": kind
    for dynamo in (False, True)
    for name, kind in {
        "plain": Kind(_exported(dynamo=dynamo), said="it ends in Tanh"),
        **{
            f"batch of {batch}": Kind(_exported(dynamo=dynamo, batch=batch), batch, said=f"It makes {batch} image")
            for batch in (1, 16, 64)
        },
        "flat": Kind(_exported("flat", dynamo=dynamo)),
        "height and width": Kind(_exported("height and width", dynamo=dynamo)),
        "channels last": Kind(_exported("channels last", dynamo=dynamo)),
        "0 to 1": Kind(_exported("0 to 1", dynamo=dynamo), low=0, said="between 0 and 1 (it ends in a scaled Tanh)"),
        "0 to 255": Kind(_exported("0 to 255", dynamo=dynamo), low=0, high=255, said="between 0 and 255 (it ends"),
        "bytes": Kind(_exported("bytes", dynamo=dynamo), low=0, high=255, said="8-bit integers"),
        "beyond 1": Kind(_exported("beyond 1", dynamo=dynamo), said="64 samples lie between -1."),
        "double": Kind(_exported(dynamo=dynamo, dtype=torch.float64)),
        "half": Kind(_exported(dynamo=dynamo, dtype=torch.float16), exact=1e-2),
        "latents [n, L, 1, 1]": Kind(_exported(dynamo=dynamo, tail=(LATENT, 1, 1))),
        "latents [n, 1, L]": Kind(_exported(dynamo=dynamo, tail=(1, LATENT))),
        "truncation": Kind(
            _exported("psi", dynamo=dynamo, labels=torch.tensor(0.7)),
            fixed={"labels": np.array(1, np.float32)}, said="'labels' to be 1",
        ),
        "labels": Kind(_exported("labels", dynamo=dynamo, labels=LABEL), labels=_numbers),
        "labels, batch of 16": Kind(_exported("labels", dynamo=dynamo, labels=LABEL, batch=16), 16, labels=_numbers),
        "one-hot": Kind(_exported("one-hot", dynamo=dynamo, labels=HOT), labels=_one_hot(np.float32)),
        "scattered": Kind(_exported("scattered", dynamo=dynamo, labels=LABEL), labels=_numbers),
        "assigned": Kind(_exported("assigned", dynamo=dynamo, labels=LABEL), labels=_numbers),
        "unused labels": Kind(_exported("unused", dynamo=dynamo, labels=LABEL)),
        "empty labels": Kind(_exported("unused", dynamo=dynamo, labels=torch.zeros(2, 0))),
        "whole one-hot": Kind(
            _exported("whole one-hot", dynamo=dynamo, labels=HOT.long()), labels=_one_hot(np.int64)
        ),
    }.items()
} | {
    "view of one": Kind(_exported("view of one"), 1, said="It makes 1 image at a time"),
    "view of one, declared": Kind(_exported("view of one", out_dynamic=False), 1),
    "only the input is dynamic": Kind(_exported(out_dynamic=False)),
    "a batch of -1": Kind(changed(declare(-1))),
    "a batch of 0": Kind(changed(declare(0))),
    "truncation with a default": Kind(changed(_psi_with_default, "psi", labels=torch.tensor(0.7))),
    **{f"opset {opset}": Kind(_exported(opset=opset)) for opset in (9, 11, 13, 17, 20)},
    **{f"opset {opset}": Kind(_exported(opset=opset, dynamo=True)) for opset in (18, 21, 23, 25)},
    **{f"Keras, opset {opset}": Kind(lambda path, opset=opset: keras(path, opset=opset), labels=_column)  # type: ignore[misc]
       for opset in (9, 13, 18)},
    "quantized weights": Kind(changed(quantize_weights)),
    "quantized weights by channel": Kind(
        changed(lambda model: quantize_weights(model, per_channel=True), opset=13)
    ),
    "quantized": Kind(_quantized(), labels=_numbers, exact=0.05),
    "quantized by channel": Kind(_quantized(per_channel=True), labels=_numbers, exact=0.05),
    "quantized as it runs": Kind(_quantized(dynamic=True), 1, labels=_numbers, said="It makes 1 image at a time"),
}  # fmt: skip
"""Every kind that opens."""


def _two_files(path: Path) -> None:
    export(path, dynamo=True, whole=False)


def _four_bits(model: onnx.ModelProto) -> None:
    quantize_weights(model)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.INT8:
            values = numpy_helper.to_array(tensor) // 16
            tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.INT4, list(values.shape), values.ravel()))


def _blocks(model: onnx.ModelProto) -> None:
    quantize_weights(model, per_channel=True)
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            node.attribute.append(helper.make_attribute("block_size", 2))


def _in_training_mode(model: onnx.ModelProto) -> None:
    """Normalize over the batch, as networks in training mode do."""
    graph = model.graph
    tanh = next(node for node in graph.node if node.op_type == "Tanh")
    place = list(graph.node).index(tanh)
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "axis_of_the_batch"))
    mean = helper.make_node("ReduceMean", [tanh.input[0], "axis_of_the_batch"], ["mean"], keepdims=1)
    graph.node.insert(place, helper.make_node("Sub", [tanh.input[0], "mean"], ["centred"]))
    graph.node.insert(place, mean)
    tanh.input[0] = "centred"


def _two_batches(model: onnx.ModelProto) -> None:
    for value, size in zip(model.graph.input, (1, 2), strict=True):
        value.type.tensor_type.shape.dim[0].dim_value = size


def _many(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 10**6


def _of_qoperators(path: Path) -> None:
    from onnxruntime.quantization import QuantFormat

    _quantized(quant_format=QuantFormat.QOperator)(path)


def _fixed_and_quantized(path: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    source = path.with_suffix(".source")
    export(source, batch=16)
    quantize_dynamic(source, path)
    source.unlink()


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "two files": (_two_files, "keeps weights in another file: export it as one file, in torch with `torch.onnx.export"),
    "QOperator": (_of_qoperators, "quantize the generator with `quant_format=QuantFormat.QDQ`"),
    "4 bits": (changed(_four_bits, opset=20), "quantize the generator to 8 bits"),
    "blocks": (changed(_blocks, opset=20), "has weights that are quantized in blocks"),
    "training mode": (changed(_in_training_mode, opset=20), "depend on the other images of their batch"),
    "two batch sizes": (changed(_two_batches, "labels", labels=LABEL), "has inputs with batch sizes of 1 and 2"),
    "noise": (_exported("noisy"), "draws random numbers ('RandomNormalLike'), and the same latents must make the same"),
    "a label as a number": (
        _exported("a number", labels=torch.zeros(2, 1)),
        "its input 'labels' takes one number for each image",
    ),
    "a batch of a million": (changed(_many), "has a fixed batch size of 1,000,000, which is too large"),
    "a fixed batch, quantized as it runs": (_fixed_and_quantized, "a fixed batch size of 16 and quantizes the images"),
}
"""Kinds that do not open, with part of what is said about each."""
