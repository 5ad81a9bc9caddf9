"""Adapt generators that digitforge did not export: wrap their graph so that it keeps the contract.

A file without digitforge's metadata does not say how to use it. What has to be assumed is recorded in the provenance as
a sentence for people, under the key `ASSUMED`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from export.contract import CLASS_WEIGHTS, IMAGE, LATENTS, METADATA_PREFIX, PIXELS, ContractError, GeneratorInfo
from export.runtime.labels import weigh
from export.runtime.latents import one_hot
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.safety.budget import FEW, FLOATS, INTEGERS, check_budget, quoted
from export.safety.skeleton import InvalidModel

ASSUMED = "assumed"
PREFIX = "source/"
"""Prefix for every name of the wrapped graph, so that none clashes with a name of the contract."""
LEAST_OPSET = 8
"""Before it, arithmetic does not broadcast, and Min and Max need equal shapes."""
PASSING = ("Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Clip", "Dropout")
"""Operators that do not change the range of values."""
LIKE_LABEL = re.compile(r"label|class|cond|one_?hot|^[yc]$|target", re.IGNORECASE)
"""Names of inputs that probably have class weights and not latents."""
PROBES = 64
WIDEST = 1.05
"""Largest magnitude of a probed value that still counts as within [-1, 1]."""


def is_foreign(model: onnx.ModelProto) -> bool:
    """Return whether digitforge did not export the file."""
    return not any(entry.key.startswith(METADATA_PREFIX) for entry in model.metadata_props)


@dataclass(frozen=True)
class Source:
    """An input of the graph."""

    name: str
    kind: int
    """Its number type."""
    size: int
    """Numbers for one image."""
    tail: tuple[int, ...]
    """The rest of its shape [batch, size, ...]: () or (1, 1)."""


def adapt(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Return a model that keeps the contract, made from one that `export.safety.checks.read_model` accepted.

    The model must have an input of latents, [batch, latent] or [batch, latent, 1, 1]. A second one may have labels
    (integers [batch] or [batch, 1]) or class weights (like latents). Its first output of four dimensions must be an
    image [batch, channels, height, width] in [-1, 1] or [0, 1]. Raises ContractError if not.
    """
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if opset < LEAST_OPSET:
        raise ContractError(f"{path} uses ONNX opset {opset}: convert it to opset {LEAST_OPSET} or later.")
    assumed = "Its latents are assumed to be standard normal"
    latents, label = _latents_and_label(model, path)
    sources = {LATENTS: _source(latents, path)}
    if label is not None:
        assumed += f", {quoted(label.name)} to take "
        if label.type.tensor_type.elem_type in INTEGERS:
            name, count = _weigh(model, label.name, path)
            sources[CLASS_WEIGHTS] = Source(name, TensorProto.FLOAT, count, ())
            assumed += f"the numbers of {count} classes"
        else:
            sources[CLASS_WEIGHTS] = _source(label, path)
            assumed += f"the weights of {sources[CLASS_WEIGHTS].size} classes"
    output = _output(model, path)
    shape, low, reason = _image(model, path, output, sources)
    info = GeneratorInfo(
        latent_size=sources[LATENTS].size,
        latent_distribution="normal",
        classes=tuple(map(str, range(sources[CLASS_WEIGHTS].size))) if label is not None else (),
        channels=shape[0],
        height=shape[1],
        width=shape[2],
        provenance={
            "producer": f"{model.producer_name} {model.producer_version}".strip() or "unknown",
            ASSUMED: f"This file does not say how to use it. {assumed}, and its images to lie between {low} and 1 "
            f"({reason}).",
        },
    )
    return _wrapped(model, info, output, sources, low)


def _weigh(model: onnx.ModelProto, label: str, path: Path) -> tuple[str, int]:
    try:
        weighed = weigh(model, label)
        check_budget(model)
    except ContractError as error:
        raise ContractError(f"{path} is not a supported generator: {error}.") from error
    except InvalidModel as problem:
        raise ContractError(f"{path} {problem}.") from problem
    return weighed


def _latents_and_label(model: onnx.ModelProto, path: Path) -> tuple[onnx.ValueInfoProto, onnx.ValueInfoProto | None]:
    """Return the input of latents, and that of labels or class weights if there is one."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    kinds = [value.type.tensor_type.elem_type for value in inputs]
    floats = [value for value, kind in zip(inputs, kinds, strict=True) if kind in FLOATS]
    labels = [value for value, kind in zip(inputs, kinds, strict=True) if kind in INTEGERS]
    if len(floats) == 1 and len(labels) <= 1 and len(inputs) == 1 + len(labels):
        return floats[0], labels[0] if labels else None
    if len(floats) == len(inputs) == 2:
        likely = [value for value in inputs if LIKE_LABEL.search(value.name)]
        label = likely[0] if len(likely) == 1 else inputs[1]
        return next(value for value in inputs if value.name != label.name), label
    names = ", ".join(value.name for value in inputs)[:80] or "none"
    raise ContractError(
        f"{path} is not a supported generator: its inputs must be latents [batch, latent], and labels or class weights "
        f"if it has classes; it has {names}."
    )


def _source(value: onnx.ValueInfoProto, path: Path) -> Source:
    kind = value.type.tensor_type.elem_type
    batch, *rest = value.type.tensor_type.shape.dim or [None]
    dims = [dim.dim_value for dim in rest]
    if len(dims) not in (1, 3) or dims[0] < 1 or dims[1:] not in ([], [1, 1]):
        raise ContractError(
            f"{path} is not a supported generator: its input {quoted(value.name)} must be [batch, size] or "
            "[batch, size, 1, 1] with a fixed size."
        )
    if batch is not None and batch.dim_value:
        raise ContractError(
            f"{path} has a fixed batch size of {batch.dim_value}: export it again with a dynamic batch dimension."
        )
    return Source(value.name, kind, dims[0], tuple(dims[1:]))


def _output(model: onnx.ModelProto, path: Path) -> onnx.ValueInfoProto:
    value: onnx.ValueInfoProto
    for value in model.graph.output:
        tensor = value.type.tensor_type
        if tensor.elem_type in FLOATS and len(tensor.shape.dim) in (0, 4):
            return value
    raise ContractError(f"{path} has no image output: none of its outputs is floats [batch, channels, height, width].")


def _image(
    model: onnx.ModelProto, path: Path, output: onnx.ValueInfoProto, sources: dict[str, Source]
) -> tuple[tuple[int, int, int], int, str]:
    """Return the image's shape, its lowest value (-1 or 0), and how that value is known."""
    session = make_session(model, path, CPU, threads=1)
    z = np.random.Generator(np.random.PCG64(0)).standard_normal((PROBES, sources[LATENTS].size), np.float32)
    probes = {LATENTS: z}
    if CLASS_WEIGHTS in sources:
        probes[CLASS_WEIGHTS] = one_hot(np.arange(PROBES) % sources[CLASS_WEIGHTS].size, sources[CLASS_WEIGHTS].size)
    feeds = {
        source.name: probes[role]
        .reshape(PROBES, source.size, *source.tail)
        .astype(helper.tensor_dtype_to_np_dtype(source.kind))
        for role, source in sources.items()
    }
    try:
        # In small batches, because the memory limit is per image.
        parts = [
            session.run([output.name], {name: value[i : i + FEW] for name, value in feeds.items()})[0]
            for i in range(0, PROBES, FEW)
        ]
        images = np.concatenate(parts)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ContractError(f"{path} failed to run on {PROBES} latents: its graph contradicts itself.") from error
    if images.ndim != 4 or len(images) != PROBES or images.shape[1] not in (1, 3):
        raise ContractError(
            f"{path} returns {list(images.shape)} for {PROBES} latents; an image is [batch, 1 or 3, height, width]."
        )
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
    last = _last_operator(model, output.name)
    if last in ("Tanh", "Sigmoid"):
        return shape, -1 if last == "Tanh" else 0, f"it ends in {last}"
    low, high = float(images.min()), float(images.max())
    if not max(-low, high) <= WIDEST:  # also true of NaN
        raise ContractError(f"{path} returns values from {low:.3g} to {high:.3g}; an image lies in [-1, 1] or [0, 1].")
    return shape, -1 if low < 1 - WIDEST else 0, f"{PROBES} samples lie between {low:.2f} and {high:.2f}"


def _last_operator(model: onnx.ModelProto, name: str) -> str:
    """Return the operator that determines the range of the value `name`."""
    sources = {output: node for node in model.graph.node for output in node.output}
    for _ in range(len(model.graph.node)):
        node = sources.get(name)
        if node is None or node.op_type not in PASSING:
            return node.op_type if node else ""
        name = node.input[0]
    return ""


def _wrapped(
    model: onnx.ModelProto, info: GeneratorInfo, output: onnx.ValueInfoProto, sources: dict[str, Source], low: int
) -> onnx.ModelProto:
    """Add the contract's inputs and outputs to the graph, with operators that every opset from 8 on has."""
    wrapped = compose.add_prefix(model, PREFIX)
    graph = wrapped.graph
    weights = {tensor.name for tensor in graph.initializer}
    colour = [3] if info.channels == 3 else []
    constants: dict[str, npt.NDArray[Any]] = {
        **{f"{role}_shape": np.array([-1, one.size, *one.tail], np.int64) for role, one in sources.items()},
        "pixels_shape": np.array([-1, info.height, info.width, *colour], np.int64),
        # To [-1, 1], and from there to 0 to 255. 128 is 127.5 plus 0.5 for rounding, because the cast truncates.
        "scale": np.array(1 if low else 2, np.float32),
        "shift": np.array(0 if low else -1, np.float32),
        "half": np.array(127.5, np.float32),
        "rounding": np.array(128, np.float32),
        "black": np.array(0, np.float32),
        "white": np.array(255, np.float32),
    }
    nodes = [
        helper.make_node("Cast", [PREFIX + output.name], ["made"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["made", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], [IMAGE]),
        helper.make_node("Transpose", [IMAGE], ["channels_last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["channels_last", "pixels_shape"], ["shaped"]),
        helper.make_node("Mul", ["shaped", "half"], ["spread"]),
        helper.make_node("Add", ["spread", "rounding"], ["raised"]),
        helper.make_node("Min", ["raised", "white"], ["bounded"]),
        helper.make_node("Max", ["bounded", "black"], ["levels"]),
        helper.make_node("Cast", ["levels"], [PIXELS], to=TensorProto.UINT8),
    ]
    for role, source in sources.items():
        graph.node.insert(0, helper.make_node("Cast", [f"{role}_shaped"], [PREFIX + source.name], to=source.kind))
        graph.node.insert(0, helper.make_node("Reshape", [role, f"{role}_shape"], [f"{role}_shaped"]))
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    kept = [value for value in graph.input if value.name in weights]  # old files also list weights as inputs
    del graph.input[:], graph.output[:]
    float32, uint8 = TensorProto.FLOAT, TensorProto.UINT8
    for name, dims in info.inputs().items():
        graph.input.append(helper.make_tensor_value_info(name, float32, list(dims)))
    graph.input.extend(kept)
    for name, dims in info.outputs().items():
        kind = uint8 if name == PIXELS else float32
        graph.output.append(helper.make_tensor_value_info(name, kind, list(dims)))
    helper.set_model_props(wrapped, info.to_metadata())
    return wrapped
