"""Rewrite parts of graphs from elsewhere that onnxruntime cannot run, or that hide what they compute."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDE = (TensorProto.DOUBLE, TensorProto.BFLOAT16)
"""Number types for which onnxruntime has few operators."""
TYPE_ATTRIBUTES = ("to", "dtype", "stash_type", "output_dtype")
QUANTIZED = (TensorProto.INT8, TensorProto.UINT8)


def use_float32(model: onnx.ModelProto) -> None:
    """Let a graph compute in float32 where it computes in float64 or bfloat16."""
    graph = model.graph
    for tensor in graph.initializer:
        _narrow(tensor)
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type in WIDE:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _narrow(attribute.t)
            elif attribute.name in TYPE_ATTRIBUTES and attribute.i in WIDE:
                attribute.i = TensorProto.FLOAT


def _narrow(tensor: TensorProto) -> None:
    if tensor.data_type in WIDE:
        largest = np.finfo(np.float32).max
        values = np.clip(numpy_helper.to_array(tensor).astype(np.float64), -largest, largest)
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))


def dequantize_rows(graph: onnx.GraphProto) -> None:
    """Dequantize embeddings before their rows are chosen instead of after it, so that rows can be mixed."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    moved: set[str] = set()
    for node in graph.node:
        if any(name in moved for name in node.output):
            continue
        users = [user for user in graph.node if set(user.input) & set(node.output)]
        rows = weights.get(node.input[0]) if node.op_type == "Gather" else None
        if (
            rows is None
            or rows.data_type not in QUANTIZED
            or [user.op_type for user in users] != ["DequantizeLinear"]
            or any(name not in weights or math.prod(weights[name].dims) != 1 for name in users[0].input[1:] if name)
            or node.output[0] in {value.name for value in graph.output}
        ):
            nodes.append(node)
            continue
        (user,) = users
        dequantized = f"{node.output[0]}/rows"
        nodes.append(helper.make_node("DequantizeLinear", [node.input[0], *user.input[1:]], [dequantized]))
        gather = onnx.NodeProto()
        gather.CopyFrom(node)
        gather.input[0], gather.output[0] = dequantized, user.output[0]
        nodes.append(gather)
        moved.add(user.output[0])
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
