"""Let class weights take the place of the integer labels of a graph.

An embedding of labels is a Gather of its rows. The product of one-hot weights with the rows is exactly the same, and a
mixture of classes lies between them.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.contract import ContractError
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.runtime.simplify import dequantize_rows
from export.safety.budget import FEW, FLOATS, Flow, only_batch, trace

MOST_CLASSES = 1_000
"""What the contract allows."""
SAME = ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
"""Operators that pass labels on."""


def weigh(model: onnx.ModelProto, label: str) -> tuple[str, int]:
    """Replace the integer input `label` by class weights, float32 [batch, classes]; return its name and `classes`.

    Where the graph uses the labels themselves, they are the classes with the largest weights.
    Raises ContractError if the number of classes does not follow from an embedding or a OneHot.
    """
    graph = model.graph
    dequantize_rows(graph)
    batch = only_batch(model)
    flow = trace(model, batch or FEW)
    taken = {name for node in graph.node for name in (*node.input, *node.output)} | set(flow.shapes)
    stem = "weights"
    while any(name.startswith(stem) for name in taken):
        stem += "_"
    dependent = {value.name for value in graph.input} - {one.name for one in graph.initializer}
    carriers = _Carriers(model, label, flow, dependent)
    nodes: list[onnx.NodeProto] = []
    sizes = set()
    for place, node in enumerate(graph.node):
        if dependent & set(node.input) and not all(name in flow.known for name in node.output):
            dependent |= set(node.output)
        carriers.follow(node)
        new: list[onnx.NodeProto] = []
        if node.op_type == "Gather" and node.input[0] not in dependent and flow.shapes[node.input[0]]:
            rows = flow.shapes[node.input[0]][0]
            if _attribute(node, "axis", 0) == 0 and carriers.has(node.input[1], rows):
                sizes.add(rows)
                new = _product(graph, node, flow, stem, f"{stem}/{place}")
        elif count := carriers.one_hot(node.output[0]):
            sizes.add(count)
            new = _same(graph, node, flow, stem, f"{stem}/{place}")
        if new:
            carriers.forget(node)
        nodes += new or [node]
    if len(sizes) != 1:
        found = f"it has embeddings of {' and '.join(map(str, sorted(sizes)))} rows" if sizes else "it has neither"
        raise ContractError(
            f"the number of classes of its labels {label!r} must follow from an embedding or a OneHot, and {found}"
        )
    (classes,) = sizes
    value = next(value for value in graph.input if value.name == label)
    kind, rest = value.type.tensor_type.elem_type, flow.shapes[label][1:]
    value.CopyFrom(helper.make_tensor_value_info(stem, TensorProto.FLOAT, [batch or "batch", classes]))
    shape = _constant(graph, f"{stem}/labels_shape", [-1, *rest])
    labels = [
        helper.make_node("ArgMax", [stem], [f"{stem}/largest"], axis=1, keepdims=0),
        helper.make_node("Cast", [f"{stem}/largest"], [f"{stem}/cast"], to=kind),
        helper.make_node("Reshape", [f"{stem}/cast", shape], [label]),
    ]
    del graph.node[:], graph.value_info[:]
    graph.node.extend([*labels, *nodes])
    return stem, classes


def weigh_one_hot(model: onnx.ModelProto, label: str) -> None:
    """Let the input `label`, one-hot integers, take floats if the graph casts it to floats anyway."""
    casts = _casts(model.graph, label)
    if casts is not None:
        for cast in casts:
            _set_type(cast, TensorProto.FLOAT)
        value = next(value for value in model.graph.input if value.name == label)
        value.type.tensor_type.elem_type = TensorProto.FLOAT


class _Carriers:
    """The values of a graph that are its labels."""

    def __init__(self, model: onnx.ModelProto, label: str, flow: Flow, dependent: set[str]) -> None:
        """dependent: the names of all values that depend on the inputs; kept up to date by the caller."""
        self.model, self.label, self.flow, self.dependent = model, label, flow, dependent
        self.same, self.followed = {label}, {label}
        self.nodes: list[onnx.NodeProto] = []

    def follow(self, node: onnx.NodeProto) -> None:
        """Take note of the next node of the graph."""
        if node.op_type in SAME and node.input[0] in self.same:
            self.same.add(node.output[0])
        if set(node.input) & self.dependent <= self.followed:
            self.nodes.append(node)
            if set(node.input) & self.followed:
                self.followed |= set(node.output)

    def forget(self, node: onnx.NodeProto) -> None:
        """Do not follow what depends on the outputs of a node."""
        self.followed -= set(node.output)

    def has(self, name: str, count: int) -> bool:
        """Return whether a value is the labels themselves, for labels below `count`."""
        if name in self.same:
            return True
        if name not in self.followed or math.prod(self.flow.shapes[name]) != self.flow.batch:
            return False
        computed = self._run(name, count)  # Keras, for one, adds the number of classes to negative labels
        return computed is not None and np.array_equal(computed.ravel(), np.arange(count))

    def one_hot(self, name: str) -> int:
        """Return the number of classes if a value is one-hot labels, along its last axis; 0 if it is not."""
        shape = self.flow.shapes[name]
        count = shape[-1] if shape else 0
        if name not in self.followed or not 1 < count <= MOST_CLASSES or math.prod(shape) != self.flow.batch * count:
            return 0
        computed = self._run(name, count)
        return count if computed is not None and np.array_equal(computed.reshape(-1, count), np.eye(count)) else 0

    def _run(self, name: str, count: int) -> np.ndarray | None:
        """Run what the graph computes from the labels 0 to `count` - 1 alone; None if it fails."""
        shape = self.flow.shapes[self.label]
        if shape[:1] != (self.flow.batch,):
            return None
        needed = {name}
        nodes: list[onnx.NodeProto] = []
        for node in reversed(self.nodes):
            if needed & set(node.output) - self.flow.known.keys():
                nodes.insert(0, node)
                needed |= set(node.input)
        weights = {tensor.name: tensor for tensor in self.model.graph.initializer}
        constants = []
        for one in sorted(needed):
            if one in weights:
                constants.append(weights[one])
            elif one in self.flow.known:  # such as the batch size
                constants.append(numpy_helper.from_array(numpy_helper.to_array(self.flow.known[one]), one))
        part = helper.make_model(
            helper.make_graph(
                nodes, "labels",
                [helper.make_tensor_value_info(self.label, self.flow.types[self.label], shape)],
                [helper.make_tensor_value_info(name, self.flow.types[name], None)],
                constants,
            ),
            opset_imports=self.model.opset_import, ir_version=self.model.ir_version,
        )  # fmt: skip
        kind = helper.tensor_dtype_to_np_dtype(self.flow.types[self.label])
        parts = []
        try:
            session = make_session(part, Path(self.label), CPU, threads=1)
            for start in range(0, count, shape[0]):
                labels = np.arange(start, start + shape[0]) % count
                parts.append(session.run(None, {self.label: labels.astype(kind).reshape(shape)})[0])
            computed: np.ndarray = np.concatenate(parts)[:count]
        except Exception:  # then nothing is known; onnxruntime's exceptions share no base class
            return None
        return computed


def _product(graph: onnx.GraphProto, node: onnx.NodeProto, flow: Flow, y: str, name: str) -> list[onnx.NodeProto]:
    """Return what computes the output of a Gather of rows from the weights `y`; nothing if the rows are integers."""
    rows, out = node.input[0], node.output[0]
    kind, shape = flow.types[rows], flow.shapes[out]
    if kind not in FLOATS or shape[:1] != (flow.batch,):
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


def _same(graph: onnx.GraphProto, node: onnx.NodeProto, flow: Flow, y: str, name: str) -> list[onnx.NodeProto]:
    """Return what computes one-hot labels from the weights `y`; nothing if the graph needs them as integers.

    Integers that are only cast to floats take the weights as they are.
    """
    out = node.output[0]
    kind, shape = flow.types[out], flow.shapes[out]
    casts = [] if kind in FLOATS else _casts(graph, out)
    if shape[:1] != (flow.batch,) or casts is None:
        return []
    for cast in casts:
        _set_type(cast, TensorProto.FLOAT)
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


def _set_type(cast: onnx.NodeProto, kind: int) -> None:
    next(attribute for attribute in cast.attribute if attribute.name == "to").i = kind


def _constant(graph: onnx.GraphProto, name: str, values: list[int]) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    return name


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)
