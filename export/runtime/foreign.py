"""Adapt generators that digitforge did not export: wrap their graph so that it keeps the contract.

A file without digitforge's metadata does not say how to use it. What has to be assumed is recorded in the provenance as
a sentence for people, under the key `ASSUMED`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from export.contract import CLASS_WEIGHTS, IMAGE, LATENTS, PIXELS, ContractError, GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.batches import cut, padded
from export.runtime.images import Layout, Values, find_image, known_values, sampled_values, stated_values
from export.runtime.labels import weigh, weigh_one_hot
from export.runtime.latents import one_hot
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.runtime.sidecar import Statements
from export.runtime.simplify import use_float32
from export.safety.budget import FEW, FLOATS, INTEGERS, check_budget, is_setting, only_batch, quoted, trace
from export.safety.skeleton import InvalidModel

ASSUMED = "assumed"
PREFIX = "source/"
"""Prefix for every name of the wrapped graph, so that none clashes with a name of the contract."""
RAW = "raw"
"""The source's images as float32 [batch, channels, height, width], in its own range of values."""
LEAST_OPSET = 8
"""Before it, arithmetic does not broadcast, and Min and Max need equal shapes."""
LIKE_LABEL = re.compile(r"label|class|cond|one_?hot|^[yc]$|target", re.IGNORECASE)
"""Names of inputs that probably have class weights and not latents."""
PROBES = 64
NEIGHBOURS = 16
"""Number of probes that are also run beside others, to see whether an image depends on the rest of its batch."""
INDEPENDENT = 0.01
"""Largest difference between such images, as a share of their range."""


Assumption = tuple[str, str, str]
"""Subject, verb and predicate of a sentence: "its latents", "are", "to be standard normal"."""


@dataclass(frozen=True)
class Source:
    """An input of the graph."""

    name: str
    kind: int
    """Its number type."""
    shape: tuple[int, ...]
    """Its shape without the batch; all sizes but one are 1."""

    @property
    def size(self) -> int:
        """Numbers for one image."""
        return math.prod(self.shape)


def adapt(model: onnx.ModelProto, path: Path, stated: Statements) -> onnx.ModelProto:
    """Return a model that keeps the contract, made from one that `export.safety.checks.read_model` accepted.

    stated: what the user says about it.

    The model must have an input of latents, [batch, latent] with any number of further dimensions of size 1. A second
    one may have labels (integers [batch] or [batch, 1]) or class weights (like latents). Single floats are set to 1.
    One output must be an image; see `export.runtime.images.find_image`. Raises ContractError if not.
    """
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if opset < LEAST_OPSET:
        raise ContractError(f"{path} uses ONNX opset {opset}: convert it to opset {LEAST_OPSET} or later.")
    use_float32(model)
    del model.graph.value_info[:]  # some contradict the graph, and nothing needs them
    batch = only_batch(model)
    assumed: list[Assumption] = [] if stated.latents else [("its latents", "are", "to be standard normal")]
    settings = _settle(model)
    latents, label = _latents_and_label(model, path)
    sources = {LATENTS: _source(latents, path)}
    if label is not None:
        takes = quoted(label.name)
        if label.type.tensor_type.elem_type in INTEGERS and math.prod(_rest(label)) == 1:
            name, count = _weigh(model, label.name, path)
            sources[CLASS_WEIGHTS] = Source(name, TensorProto.FLOAT, (count,))
            assumed.append((takes, "is", f"to take the numbers of {count} classes"))
        elif math.prod(_rest(label)) == 1:
            raise ContractError(
                f"{path} is not a supported generator: its input {takes} takes one number for each image; "
                "export it with integer labels, or with one-hot labels."
            )
        else:
            weigh_one_hot(model, label.name)
            sources[CLASS_WEIGHTS] = _source(label, path)
            assumed.append((takes, "is", f"to take the weights of {sources[CLASS_WEIGHTS].size} classes"))
    assumed += [(quoted(name), "is", "to be 1") for name in settings]
    try:
        flow = trace(model, batch or FEW)
        output, layout = find_image(model, flow)
        wrapped = _with_our_inputs(model, sources, output, layout)
        images = _probe(wrapped, path, sources, batch, stated.latents or "normal")
        if stated.range:
            values = stated_values(images, *stated.range)
        else:
            values = known_values(model, flow, output) or sampled_values(images)
            predicate = f"to lie between {values.low:g} and {values.high:g} ({values.reason})"
            assumed.append(("its images", "are", predicate))
    except (InvalidModel, ContractError) as problem:
        raise ContractError(f"{path} {problem}.") from problem
    info = GeneratorInfo(
        latent_size=sources[LATENTS].size,
        latent_distribution=stated.latents or "normal",
        classes=tuple(map(str, range(sources[CLASS_WEIGHTS].size))) if label is not None else (),
        channels=layout.channels,
        height=layout.height,
        width=layout.width,
        provenance={
            "producer": f"{model.producer_name} {model.producer_version}".strip() or "unknown",
            ASSUMED: _notice(assumed, stated, batch),
        },
    )
    _add_our_outputs(wrapped, info, values)
    return wrapped


def _notice(assumed: list[Assumption], stated: Statements, batch: int) -> str:
    """Return what people should know about the file."""
    sentences = ["This file does not say how to use it.", stated.sentence()]
    if assumed:
        (subject, verb, predicate), *others = assumed
        clauses = [f"{subject[0].upper()}{subject[1:]} {verb} assumed {predicate}"]
        clauses += [f"{subject} {predicate}" for subject, _, predicate in others]
        *rest, last = clauses
        sentences.append(f"{', '.join(rest)}{', and ' if rest else ''}{last}.")
    if batch:
        sentences.append(f"It makes {batch} image{'s' if batch > 1 else ''} at a time.")
    return " ".join(filter(None, sentences))


def _settle(model: onnx.ModelProto) -> list[str]:
    """Turn the inputs that are single floats, such as the truncation, into constants of 1; return their names."""
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    settings = [value for value in graph.input if value.name not in weights and is_setting(value)]
    for value in settings:
        dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        kind = value.type.tensor_type.elem_type
        graph.initializer.append(helper.make_tensor(value.name, kind, dims, np.ones(dims, np.float32).ravel()))
        graph.input.remove(value)
    return [value.name for value in settings]


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


def _rest(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Return the declared shape of an input, without the batch."""
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])


def _source(value: onnx.ValueInfoProto, path: Path) -> Source:
    shape = _rest(value)
    if not shape or min(shape) < 1 or sum(size > 1 for size in shape) > 1:
        raise ContractError(
            f"{path} is not a supported generator: its input {quoted(value.name)} must be [batch, size], "
            f"[batch, size, 1, 1] or the like with a fixed size, not [batch{''.join(f', {size}' for size in shape)}]."
        )
    return Source(value.name, value.type.tensor_type.elem_type, shape)


def _with_our_inputs(
    model: onnx.ModelProto, sources: dict[str, Source], output: str, layout: Layout
) -> onnx.ModelProto:
    """Return a graph that makes `RAW` from the contract's inputs, with operators that every opset from 8 on has."""
    wrapped = compose.add_prefix(model, PREFIX)
    graph = wrapped.graph
    weights = {tensor.name for tensor in graph.initializer}
    before = []
    for role, source in sources.items():
        graph.initializer.append(numpy_helper.from_array(np.array([-1, *source.shape], np.int64), f"{role}_shape"))
        before += [
            helper.make_node("Reshape", [role, f"{role}_shape"], [f"{role}_shaped"]),
            helper.make_node("Cast", [f"{role}_shaped"], [PREFIX + source.name], to=source.kind),
        ]
    graph.initializer.append(numpy_helper.from_array(np.array(layout.shape, np.int64), "raw_shape"))
    after = [
        helper.make_node("Cast", [PREFIX + output], ["made"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["made", "raw_shape"], ["made_shaped" if layout.channels_last else RAW]),
    ]
    if layout.channels_last:
        after.append(helper.make_node("Transpose", ["made_shaped"], [RAW], perm=[0, 3, 1, 2]))
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    kept = [value for value in graph.input if value.name in weights]  # old files also list weights as inputs
    del graph.input[:], graph.output[:]
    for role, source in sources.items():
        graph.input.append(helper.make_tensor_value_info(role, TensorProto.FLOAT, ["batch", source.size]))
    graph.input.extend(kept)
    raw: list[str | int | None] = ["batch", layout.channels, layout.height, layout.width]
    graph.output.append(helper.make_tensor_value_info(RAW, TensorProto.FLOAT, raw))
    return wrapped


def _probe(wrapped: onnx.ModelProto, path: Path, sources: dict[str, Source], batch: int, distribution: str) -> Float32:
    """Return images of `PROBES` latents. Raises ContractError if one depends on the other images of its batch."""
    session = make_session(wrapped, path, CPU, threads=1)
    stream, shape = np.random.Generator(np.random.PCG64(0)), (PROBES, sources[LATENTS].size)
    drawn = stream.standard_normal(shape) if distribution == "normal" else stream.uniform(-1, 1, shape)
    z: Float32 = drawn.astype(np.float32)
    feeds = {LATENTS: z}
    if CLASS_WEIGHTS in sources:
        feeds[CLASS_WEIGHTS] = one_hot(np.arange(PROBES) % sources[CLASS_WEIGHTS].size, sources[CLASS_WEIGHTS].size)

    def run(first: int, last: int) -> Float32:
        # In small batches, because the memory limit is per image.
        parts = [
            session.run([RAW], {name: padded(value[first:last][start:stop], size) for name, value in feeds.items()})[0][
                : stop - start
            ]
            for start, stop, size in cut(last - first, (batch or FEW,))
        ]
        return np.concatenate(parts)

    try:
        images, beside_others = run(0, PROBES), run(1, 1 + NEIGHBOURS)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ContractError(f"failed to run on {PROBES} latents: its graph contradicts itself") from error
    span = float(np.ptp(images))
    if np.abs(images[1 : 1 + NEIGHBOURS] - beside_others).max() > INDEPENDENT * span:
        raise ContractError(
            "makes images that depend on the other images of their batch, as normalization in training mode does: "
            "call `eval()` on the network and export it again"
        )
    return images


def _add_our_outputs(wrapped: onnx.ModelProto, info: GeneratorInfo, values: Values) -> None:
    """Compute the contract's outputs from `RAW`, with operators that every opset from 8 on has."""
    graph = wrapped.graph
    colour = [3] if info.channels == 3 else []
    scale = 2 / (values.high - values.low)
    constants: dict[str, npt.NDArray[Any]] = {
        "pixels_shape": np.array([-1, info.height, info.width, *colour], np.int64),
        # To [-1, 1], and from there to 0 to 255. 128 is 127.5 plus 0.5 for rounding, because the cast truncates.
        "scale": np.array(scale, np.float32),
        "shift": np.array(-1 - values.low * scale, np.float32),
        "lowest": np.array(-1, np.float32),
        "highest": np.array(1, np.float32),
        "half": np.array(127.5, np.float32),
        "rounding": np.array(128, np.float32),
    }
    nodes = [
        helper.make_node("Mul", [RAW, "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["shifted"]),
        helper.make_node("Min", ["shifted", "highest"], ["bounded"]),
        helper.make_node("Max", ["bounded", "lowest"], [IMAGE]),
        helper.make_node("Transpose", [IMAGE], ["channels_last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["channels_last", "pixels_shape"], ["shaped"]),
        helper.make_node("Mul", ["shaped", "half"], ["spread"]),
        helper.make_node("Add", ["spread", "rounding"], ["raised"]),
        helper.make_node("Cast", ["raised"], [PIXELS], to=TensorProto.UINT8),
    ]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    del graph.output[:]
    for name, dims in info.outputs().items():
        kind = TensorProto.UINT8 if name == PIXELS else TensorProto.FLOAT
        graph.output.append(helper.make_tensor_value_info(name, kind, list(dims)))
    helper.set_model_props(wrapped, info.to_metadata())
