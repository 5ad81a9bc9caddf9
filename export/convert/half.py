"""Convert the weights of a graph to half precision."""

from __future__ import annotations

import onnx


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with weights and arithmetic in float16; inputs and outputs stay float32."""
    from onnxruntime.transformers.float16 import convert_float_to_float16  # takes a second to import

    converted: onnx.ModelProto = convert_float_to_float16(model, keep_io_types=True)
    _sort(converted.graph)
    return converted


def _sort(graph: onnx.GraphProto) -> None:
    """Put every node after its inputs, as the standard requires: the tool appends its casts at the end."""
    waiting = list(graph.node)
    known = {"", *(tensor.name for tensor in graph.initializer), *(value.name for value in graph.input)}
    ordered: list[onnx.NodeProto] = []
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.input)]
        if not ready:
            raise ValueError("the graph has a cycle")
        ordered += ready
        known.update(name for node in ready for name in node.output)
        waiting = [node for node in waiting if not known.issuperset(node.output)]
    del graph.node[:]
    graph.node.extend(ordered)
