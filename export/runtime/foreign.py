"""Adapt generators that digitforge did not export: wrap their graph so that it keeps the contract.

A file without digitforge's metadata does not say how to use it. What has to be assumed is recorded in the provenance as
a sentence for people, under the key `ASSUMED`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from export.contract import IMAGE, LATENTS, METADATA_PREFIX, PIXELS, ContractError, GeneratorInfo
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.safety.budget import FEW

ASSUMED = "assumed"
PREFIX = "source/"
"""Prefix for every name of the wrapped graph, so that none clashes with a name of the contract."""
LEAST_OPSET = 8
"""Before it, arithmetic does not broadcast, and Min and Max need equal shapes."""
PASSING = ("Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Clip")
"""Operators that do not change the range of values."""
PROBES = 64
WIDEST = 1.05
"""Largest magnitude of a probed value that still counts as within [-1, 1]."""


def is_foreign(model: onnx.ModelProto) -> bool:
    """Return whether digitforge did not export the file."""
    return not any(entry.key.startswith(METADATA_PREFIX) for entry in model.metadata_props)


def adapt(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Return a model that keeps the contract, made from one that `export.safety.checks.read_model` accepted.

    The model must have one float32 input [batch, latent] or [batch, latent, 1, 1], and its first output of four
    dimensions must be an image [batch, channels, height, width] in [-1, 1] or [0, 1]. Raises ContractError if not.
    """
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if opset < LEAST_OPSET:
        raise ContractError(f"{path} uses ONNX opset {opset}: convert it to opset {LEAST_OPSET} or later.")
    latent, tail = _latent(model, path)
    output = _output(model, path)
    shape, low, reason = _image(model, path, output, (latent, *tail))
    info = GeneratorInfo(
        latent_size=latent,
        latent_distribution="normal",
        classes=(),
        channels=shape[0],
        height=shape[1],
        width=shape[2],
        provenance={
            "producer": f"{model.producer_name} {model.producer_version}".strip() or "unknown",
            ASSUMED: "This file does not say how to use it. Its latents are assumed to be standard normal, and its "
            f"images to lie between {low} and 1 ({reason}).",
        },
    )
    return _wrapped(model, info, output.name, tail, low)


def _latent(model: onnx.ModelProto, path: Path) -> tuple[int, tuple[int, ...]]:
    """Return the latent size, and the rest of the input's shape: () or (1, 1)."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    required = f"{path} is not a supported generator: it must have a single float32 input [batch, latent]"
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != TensorProto.FLOAT:
        raise ContractError(f"{required}, and it has {', '.join(value.name for value in inputs)[:80] or 'none'}.")
    batch, *rest = inputs[0].type.tensor_type.shape.dim or [None]
    dims = [dim.dim_value for dim in rest]
    if len(dims) not in (1, 3) or dims[0] < 1 or dims[1:] not in ([], [1, 1]):
        raise ContractError(f"{required} or [batch, latent, 1, 1] with a fixed latent size.")
    if batch is not None and batch.dim_value:
        raise ContractError(
            f"{path} has a fixed batch size of {batch.dim_value}: export it again with a dynamic batch dimension."
        )
    return dims[0], tuple(dims[1:])


def _output(model: onnx.ModelProto, path: Path) -> onnx.ValueInfoProto:
    value: onnx.ValueInfoProto
    for value in model.graph.output:
        tensor = value.type.tensor_type
        if tensor.elem_type == TensorProto.FLOAT and len(tensor.shape.dim) in (0, 4):
            return value
    raise ContractError(f"{path} has no image output: none of its outputs is float32 [batch, channels, height, width].")


def _image(
    model: onnx.ModelProto, path: Path, output: onnx.ValueInfoProto, latent: tuple[int, ...]
) -> tuple[tuple[int, int, int], int, str]:
    """Return the image's shape, its lowest value (-1 or 0), and how that value is known."""
    session = make_session(model, path, CPU, threads=1)
    z = np.random.Generator(np.random.PCG64(0)).standard_normal((PROBES, *latent), np.float32)
    name = next(value.name for value in session.get_inputs())
    try:
        # In small batches, because the memory limit is per image.
        parts = [session.run([output.name], {name: z[i : i + FEW]})[0] for i in range(0, PROBES, FEW)]
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
    model: onnx.ModelProto, info: GeneratorInfo, output: str, tail: tuple[int, ...], low: int
) -> onnx.ModelProto:
    """Add the contract's inputs and outputs to the graph, with operators that every opset from 8 on has."""
    wrapped = compose.add_prefix(model, PREFIX)
    graph = wrapped.graph
    weights = {tensor.name for tensor in graph.initializer}
    source = next(value.name for value in graph.input if value.name not in weights)
    colour = [3] if info.channels == 3 else []
    constants: dict[str, npt.NDArray[Any]] = {
        "z_shape": np.array([-1, info.latent_size, *tail], np.int64),
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
        helper.make_node("Mul", [PREFIX + output, "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], [IMAGE]),
        helper.make_node("Transpose", [IMAGE], ["channels_last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["channels_last", "pixels_shape"], ["shaped"]),
        helper.make_node("Mul", ["shaped", "half"], ["spread"]),
        helper.make_node("Add", ["spread", "rounding"], ["raised"]),
        helper.make_node("Min", ["raised", "white"], ["bounded"]),
        helper.make_node("Max", ["bounded", "black"], ["levels"]),
        helper.make_node("Cast", ["levels"], [PIXELS], to=TensorProto.UINT8),
    ]
    graph.node.insert(0, helper.make_node("Reshape", [LATENTS, "z_shape"], [source]))
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
