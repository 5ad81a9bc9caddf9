"""Find the image among the outputs of a graph from elsewhere, and the range of its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from export.contract import ContractError
from export.runtime.arrays import Float32
from export.safety.budget import FLOATS, INTEGERS, Flow, quoted

KINDS = (*FLOATS, *INTEGERS, TensorProto.UINT8)
PASSING = ("Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Dropout")
"""Operators that do not change the range of values."""
ARITHMETIC = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
RANGES = {"Tanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0), "HardSigmoid": (0.0, 1.0)}
"""Ranges of operators."""
COMMON = ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0))
"""Ranges of images."""
TOLERANCE = 0.05
"""How far a sampled value may lie below 0, as a share of the range, and still count as 0."""
OVERSHOOT = 2.0
"""Largest magnitude of samples of an image in [-1, 1]. Without a tanh, networks go beyond 1, and are clipped."""
BRIGHT = 64
"""Least brightest value of samples of an image in [0, 255]."""


@dataclass(frozen=True)
class Layout:
    """Shape of an image in a graph from elsewhere."""

    channels: int
    height: int
    width: int
    channels_last: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a batch with four dimensions; -1 stands for the batch."""
        if self.channels_last:
            return (-1, self.height, self.width, self.channels)
        return (-1, self.channels, self.height, self.width)


@dataclass(frozen=True)
class Values:
    """Range of an image's values."""

    low: float
    high: float
    reason: str
    """How it is known: the end of a sentence."""


def find_image(model: onnx.ModelProto, flow: Flow) -> tuple[str, Layout]:
    """Return the name and layout of the image: the output with the most dimensions that can be one.

    flow: the traced graph. Raises ContractError if no output can be an image.
    """
    outputs = [value.name for value in model.graph.output if flow.types[value.name] in KINDS]
    for name in sorted(outputs, key=lambda name: -len(flow.shapes[name])):
        layout = _layout(flow.shapes[name][1:])
        if layout is not None:
            return name, layout
    shapes = " and ".join(f"{quoted(name)} [batch{''.join(f', {size}' for size in flow.shapes[name][1:])}]"
                          for name in outputs[:3])  # fmt: skip
    raise ContractError(
        f"has no image output: an image is [batch, 1 or 3, height, width], [batch, height, width, 1 or 3], "
        f"[batch, height, width] or [batch, pixels] for a square image; its outputs are {shapes or 'not numbers'}"
    )


def _layout(shape: Sequence[int]) -> Layout | None:
    """Return the layout of an image of this shape, without the batch; None if it is not one."""
    if len(shape) == 3:
        if shape[0] in (1, 3):
            return Layout(shape[0], shape[1], shape[2])
        return Layout(shape[2], shape[0], shape[1], channels_last=True) if shape[2] in (1, 3) else None
    if len(shape) == 2 and min(shape) > 1:
        return Layout(1, shape[0], shape[1])
    for channels in (1, 3):
        side = math.isqrt(math.prod(shape) // channels)
        if shape and side > 1 and channels * side * side == math.prod(shape):
            return Layout(channels, side, side)
    return None


def known_values(model: onnx.ModelProto, flow: Flow, name: str) -> Values | None:
    """Return the range of a value as far as the last operators determine it, and as far as it is one of an image."""
    makers = {output: node for node in model.graph.node for output in node.output}
    if flow.types[name] == TensorProto.UINT8:
        return Values(0, 255, "they are 8-bit integers")
    chain: list[onnx.NodeProto] = []
    low, high, source = -math.inf, math.inf, ""
    while (node := makers.get(name)) is not None:
        if node.op_type in RANGES:
            (low, high), source = RANGES[node.op_type], node.op_type
            break
        chain.append(node)
        inner = _inner(node, flow)
        if inner is None:
            break
        name = inner
    scaled = ""
    for node in reversed(chain):
        if node.op_type == "Clip":
            source, scaled = source or "Clip", scaled if source else ""
        elif node.op_type not in PASSING:
            scaled = "a scaled "
        low, high = _through(node, flow, low, high)
    return Values(low, high, f"it ends in {scaled}{source}") if (low, high) in COMMON else None


def _inner(node: onnx.NodeProto, flow: Flow) -> str | None:
    """Return the input from which the range of the node's output follows; None if it does not follow from one."""
    if node.op_type in (*PASSING, "Clip"):
        return str(node.input[0])
    if node.op_type in ARITHMETIC:
        unknown = [name for name in node.input if _number(name, flow) is None]
        if len(unknown) == 1 and not (node.op_type == "Div" and unknown[0] == node.input[1]):
            return str(unknown[0])
    return None


def _through(node: onnx.NodeProto, flow: Flow, low: float, high: float) -> tuple[float, float]:
    """Return the range of a node's output if that of its input is `low` to `high`."""
    if node.op_type == "Clip":
        least, most = _bounds(node, flow)
        return max(low, least), min(high, most)
    if node.op_type not in ARITHMETIC or _inner(node, flow) is None:
        return low, high
    first, second = (_number(name, flow) for name in node.input)
    with np.errstate(all="ignore"):
        ends = [
            round(
                float(ARITHMETIC[node.op_type](end if first is None else first, end if second is None else second)), 6
            )
            for end in (low, high)
        ]
    return min(ends), max(ends)


def _bounds(node: onnx.NodeProto, flow: Flow) -> tuple[float, float]:
    given = {attribute.name: attribute.f for attribute in node.attribute}
    given |= {
        key: value
        for key, name in zip(("min", "max"), node.input[1:], strict=False)
        if (value := _number(name, flow)) is not None
    }
    return given.get("min", -math.inf), given.get("max", math.inf)


def _number(name: str, flow: Flow) -> float | None:
    """Return a constant of the graph, if it is a single number."""
    tensor = flow.known.get(name)
    return float(numpy_helper.to_array(tensor).item()) if tensor is not None and math.prod(tensor.dims) == 1 else None


def sampled_values(images: Float32) -> Values:
    """Return the range that sampled images suggest. Raises ContractError if it is not one of an image."""
    low, high = float(images.min()), float(images.max())
    reason = f"{len(images)} samples lie between {low:.2f} and {high:.2f}"
    if max(-low, high) <= OVERSHOOT:
        return Values(-1 if low < -TOLERANCE else 0, 1, reason)
    if low >= -TOLERANCE * 255 and BRIGHT <= high <= (1 + TOLERANCE) * 255:
        return Values(0, 255, reason)
    raise ContractError(
        f"returns values from {low:.3g} to {high:.3g}; an image lies in [-1, 1], [0, 1] or [0, 255]. If other values "
        "are black and white, say which with `python -m export.doctor MODEL.onnx --assume range=LOW..HIGH`"
    )


def stated_values(images: Float32, low: float, high: float) -> Values:
    """Return the range that the user states. Raises ContractError if most of the sampled values lie outside of it."""
    if np.mean((images < low) | (images > high)) > 0.5:
        raise ContractError(
            f"returns values from {images.min():.3g} to {images.max():.3g}, most of them not between {low:g} and "
            f"{high:g}, as was stated: state another range, or remove it from the .json file beside the model"
        )
    return Values(low, high, "as stated")
