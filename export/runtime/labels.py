"""Let class weights take the place of the integer labels of a graph.

An embedding of labels is a Gather of its rows. The product of one-hot weights with the rows is exactly the same, and a
mixture of classes lies between them.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.contract import ContractError
from export.safety.budget import FEW, FLOATS, Flow, trace

SAME = ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
"""Operators that pass labels on."""


def weigh(model: onnx.ModelProto, label: str) -> tuple[str, int]:
    """Replace the integer input `label` by class weights, float32 [batch, classes]; return its name and `classes`.

    Where the graph uses the labels themselves, they are the classes with the largest weights.
    Raises ContractError if the number of classes does not follow from an embedding or a OneHot.
    """
    graph = model.graph
    flow = trace(model, FEW)
    taken = {name for node in graph.node for name in (*node.input, *node.output)} | set(flow.shapes)
    stem = "weights"
    while any(name.startswith(stem) for name in taken):
        stem += "_"
    carriers, dependent = {label}, {value.name for value in graph.input} - {one.name for one in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    sizes = set()
    for place, node in enumerate(graph.node):
        if dependent & set(node.input):
            dependent |= set(node.output)
        if node.op_type in SAME and node.input[0] in carriers:
            carriers.add(node.output[0])
        new: list[onnx.NodeProto] = []
        if node.op_type == "Gather" and node.input[1] in carriers and node.input[0] not in dependent:
            if _attribute(node, "axis", 0) == 0:
                sizes.add(flow.shapes[node.input[0]][0])
                new = _product(graph, node, flow, stem, f"{stem}/{place}")
        elif classes_of := _one_hot(node, carriers, flow):
            sizes.add(classes_of)
            new = _same(graph, node, flow, stem, f"{stem}/{place}")
        nodes += new or [node]
    if len(sizes) != 1:
        found = f"it has embeddings of {' and '.join(map(str, sorted(sizes)))} rows" if sizes else "it has neither"
        raise ContractError(
            f"the number of classes of its labels {label!r} must follow from an embedding or a OneHot, and {found}"
        )
    (classes,) = sizes
    value = next(value for value in graph.input if value.name == label)
    kind, rest = value.type.tensor_type.elem_type, flow.shapes[label][1:]
    value.CopyFrom(helper.make_tensor_value_info(stem, TensorProto.FLOAT, ["batch", classes]))
    shape = _constant(graph, f"{stem}/labels_shape", [-1, *rest])
    labels = [
        helper.make_node("ArgMax", [stem], [f"{stem}/largest"], axis=1, keepdims=0),
        helper.make_node("Cast", [f"{stem}/largest"], [f"{stem}/cast"], to=kind),
        helper.make_node("Reshape", [f"{stem}/cast", shape], [label]),
    ]
    del graph.node[:], graph.value_info[:]
    graph.node.extend([*labels, *nodes])
    return stem, classes


def _product(graph: onnx.GraphProto, node: onnx.NodeProto, flow: Flow, y: str, name: str) -> list[onnx.NodeProto]:
    """Return what computes the output of a Gather of rows from the weights `y`; nothing if the rows are integers."""
    rows, out = node.input[0], node.output[0]
    kind, shape = flow.types[rows], flow.shapes[out]
    if kind not in FLOATS or shape[:1] != (FEW,):
        return []
    nodes = [helper.make_node("Cast", [y], [f"{name}/y"], to=kind)]
    if len(flow.shapes[rows]) != 2:
        flat = _constant(graph, f"{name}/rows_shape", [flow.shapes[rows][0], -1])
        nodes.append(helper.make_node("Reshape", [rows, flat], [f"{name}/rows"]))
        rows = f"{name}/rows"
    full = _constant(graph, f"{name}/shape", [-1, *shape[1:]])
    return [
        *nodes,
        helper.make_node("MatMul", [f"{name}/y", rows], [f"{name}/product"]),
        helper.make_node("Reshape", [f"{name}/product", full], [out]),
    ]


def _one_hot(node: onnx.NodeProto, carriers: set[str], flow: Flow) -> int:
    """Return the number of classes if the node makes labels one-hot, along the last axis; 0 if it does not."""
    shape = flow.shapes[node.output[0]]
    if node.op_type == "OneHot" and node.input[0] in carriers:
        values = flow.known.get(node.input[2])
        last = _attribute(node, "axis", -1) in (-1, len(shape) - 1)
        return shape[-1] if last and values is not None and list(numpy_helper.to_array(values)) == [0, 1] else 0
    if node.op_type == "Equal" and len(carriers & set(node.input)) == 1:  # as torch's own exporter has it
        numbers = next((flow.known[name] for name in node.input if name in flow.known), None)
        count = shape[-1] if shape else 0
        if numbers is not None and np.array_equal(numpy_helper.to_array(numbers).ravel(), np.arange(count)):
            return count if math.prod(shape) == FEW * count else 0
    return 0


def _same(graph: onnx.GraphProto, node: onnx.NodeProto, flow: Flow, y: str, name: str) -> list[onnx.NodeProto]:
    """Return what computes one-hot labels from the weights `y`; nothing if the graph needs them as integers.

    Integers that are only cast to floats take the weights as they are.
    """
    out = node.output[0]
    kind, shape = flow.types[out], flow.shapes[out]
    casts = [] if kind in FLOATS else _casts(graph, out)
    if shape[:1] != (FEW,) or casts is None:
        return []
    for cast in casts:
        next(attribute for attribute in cast.attribute if attribute.name == "to").i = TensorProto.FLOAT
    full = _constant(graph, f"{name}/shape", [-1, *shape[1:]])
    return [
        helper.make_node("Cast", [y], [f"{name}/y"], to=kind if kind in FLOATS else TensorProto.FLOAT),
        helper.make_node("Reshape", [f"{name}/y", full], [out]),
    ]


def _casts(graph: onnx.GraphProto, name: str) -> list[onnx.NodeProto] | None:
    """Return the casts to integers between the value `name` and floats; None if anything else uses the integers."""
    found: list[onnx.NodeProto] = []
    names = {name}
    for node in graph.node:  # in the order of computation
        if names & set(node.input):
            if node.op_type != "Cast":
                return None
            if _attribute(node, "to", 0) not in FLOATS:
                names.add(node.output[0])
                found.append(node)
    return None if names & {value.name for value in graph.output} else found


def _constant(graph: onnx.GraphProto, name: str, values: list[int]) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    return name


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)
