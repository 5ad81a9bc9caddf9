"""Limit the memory and time that a graph would need to run, from its shapes alone.

onnx infers the shape of every value, operator by operator, with a number in place of the batch. Small values from which
shapes follow are computed on the way; nothing else is run. A graph is refused if its shapes are unknown or too large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, shape_inference

from export.safety.skeleton import InvalidModel

FEW, MANY = 2, 64
"""The batch sizes for which the cost is computed."""
IMAGE_LIMIT_BYTES = 14 * 2**20
"""Limit for the values held at one time, per image; attention over 32x32 positions needs 9 MiB."""
WORK_LIMIT = 5 * 10**9
"""Limit for the multiplications per image; an element of any other operator counts as `ELEMENT_WORK` of them."""
ELEMENT_WORK = 8
BATCH_LIMIT = 1024
"""Limit for a fixed batch size."""
ROWS_LIMIT = 2**24
"""Limit for the input values of a fixed batch."""
BUILT_IN_TRIES = 8
"""How many of the batch sizes that are found in a graph are tried."""
UNPACKING = ("Cast", "DequantizeLinear")
"""Operators that turn small weights into large ones."""
UNPACKED_LIMIT_BYTES = 128 * 2**20
"""Limit for the weights that these make, together."""
INTEGERS_LIMIT = 2**15
"""Limit for the elements of a computed integer value, per image; runtimes copy such values during shape inference."""
FOLDED_ELEMENTS = 1024
"""Values with up to this many elements are computed if their inputs are known."""
INDEXING = ("Gather", "ScatterElements", "ScatterND")
"""Operators whose second input are indices."""
SCALED = ("DequantizeLinear", "QuantizeLinear")
"""Operators whose second input are scales."""
RANK_LIMIT = 8
NUMBERS: dict[int, int] = {
    TensorProto.FLOAT: 4, TensorProto.FLOAT16: 4, TensorProto.BFLOAT16: 4, TensorProto.DOUBLE: 8, TensorProto.BOOL: 1,
    TensorProto.UINT8: 1, TensorProto.INT8: 1, TensorProto.UINT16: 2, TensorProto.INT16: 2,
    TensorProto.UINT32: 4, TensorProto.INT32: 4, TensorProto.UINT64: 8, TensorProto.INT64: 8,
}  # fmt: skip
"""Bytes of a number during computation; half precision is computed as float32 on a CPU."""
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
INTEGERS = (TensorProto.INT32, TensorProto.INT64, TensorProto.UINT32, TensorProto.UINT64)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cost:
    """Cost of one run."""

    peak_bytes: int
    """Bytes of the values held at one time, without weights."""
    work: int
    """Number of multiplications; see `WORK_LIMIT`."""
    outputs: dict[str, tuple[int, Shape]]
    """Number type and shape of each output."""


def check_budget(model: onnx.ModelProto, any_batch: bool = False) -> int:
    """Return the only batch size that the graph runs, or 0 if it runs any.

    model: its weights may be left out. any_batch: require that it runs any, or declares the only one.
    Raises InvalidModel if a run would take unreasonable memory or time.
    """
    batch = only_batch(model)
    _check_rows(model, batch)
    try:
        if batch:
            _check_outputs(model, batch, cost(model, batch))
        else:
            few, many = cost(model, FEW), cost(model, MANY)
            if many.peak_bytes * FEW > few.peak_bytes * MANY or many.work * FEW > few.work * MANY:
                raise InvalidModel("needs memory or time that grows faster than the number of images")
            _check_outputs(model, FEW, few)
            _check_outputs(model, MANY, many)
    except InvalidModel:
        if batch or any_batch:
            raise
        for size in _built_in(model):
            with suppress(InvalidModel):
                _check_rows(model, size)
                _check_outputs(model, size, cost(model, size))
                return size
        raise
    return batch


def _check_rows(model: onnx.ModelProto, batch: int) -> None:
    rows = max((math.prod(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]) for value in _batched(model)),
               default=1)  # fmt: skip
    if batch > BATCH_LIMIT or batch * rows > ROWS_LIMIT:
        raise InvalidModel(
            f"has a fixed batch size of {batch:,}, which is too large: export it again with a smaller one"
        )


def only_batch(model: onnx.ModelProto) -> int:
    """Return the only batch size that the graph's inputs allow, or 0 if they allow any."""
    declared = {value.type.tensor_type.shape.dim[0].dim_value for value in _batched(model)} - {0}
    if len(declared) > 1:
        raise InvalidModel(f"has inputs with batch sizes of {' and '.join(map(str, sorted(declared)))}")
    mixing = _is_mixing(model)
    if mixing and max(declared, default=1) > 1:
        raise InvalidModel(
            f"has a fixed batch size of {max(declared)} and quantizes the images of a batch together, so that each "
            "depends on the others: export it again with a batch size of 1"
        )
    return next(iter(declared), int(mixing))


def declare_batch(model: onnx.ModelProto, batch: int) -> None:
    """Let the inputs and outputs of a graph declare the only batch size that it runs. batch: 0 changes nothing."""
    for value in (*_batched(model), *model.graph.output) if batch else ():
        for dim in value.type.tensor_type.shape.dim[:1]:
            dim.dim_value = batch


def _batched(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """Return the inputs that have a row for each image, and not a number for all of them."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [
        value
        for value in model.graph.input
        if value.name not in weights and value.type.tensor_type.shape.dim and not is_setting(value)
    ]


def is_setting(value: onnx.ValueInfoProto) -> bool:
    """Return whether an input is a single float, such as the truncation."""
    dims = value.type.tensor_type.shape.dim
    return value.type.tensor_type.elem_type in FLOATS and [dim.dim_value for dim in dims] in ([], [1])


def _is_mixing(model: onnx.ModelProto) -> bool:
    """Return whether the graph quantizes all images of a batch together; it has to run with one image at a time."""
    return any(node.op_type == "DynamicQuantizeLinear" for node in model.graph.node)


def _built_in(model: onnx.ModelProto) -> list[int]:
    """Return batch sizes that the graph may be limited to: those to which it reshapes, as `view(1, ...)` does."""
    shapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape" and len(node.input) > 1}
    found = {
        int(numpy_helper.to_array(tensor).ravel()[0])
        for tensor in (*model.graph.initializer, *_constants(model))
        if tensor.name in shapes and _has_numbers(tensor) and math.prod(tensor.dims)
    }
    declared = {value.type.tensor_type.shape.dim[0].dim_value for value in model.graph.output
                if value.type.tensor_type.shape.dim}  # fmt: skip
    return sorted(size for size in found | declared | {1} if 0 < size <= BATCH_LIMIT)[:BUILT_IN_TRIES]


def _constants(model: onnx.ModelProto) -> list[TensorProto]:
    """Return the values of the graph's Constant nodes, named as their outputs are."""
    tensors = []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            tensor = TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            tensors.append(tensor)
    return tensors


def _check_outputs(model: onnx.ModelProto, batch: int, counted: Cost) -> None:
    """Check that the outputs have a row for each image, and the type and shape that they declare."""
    for value in model.graph.output:
        declared = value.type.tensor_type
        kind, shape = counted.outputs[value.name]
        sizes = [dim.dim_value for dim in declared.shape.dim]
        known = declared.HasField("shape")
        fits = not known or (
            len(sizes) == len(shape)
            and all(size < 1 or size == own for size, own in zip(sizes[1:], shape[1:], strict=True))
        )
        if kind != declared.elem_type or not fits:
            raise InvalidModel(f"computes {quoted(value.name)} with a different shape or type than it declares")
        if shape[:1] != (batch,) and not (len(sizes) == 1 and sizes[0] == shape[0]):
            raise InvalidModel(f"computes {quoted(value.name)} of shape {list(shape)} for a batch of {batch}")


def cost(model: onnx.ModelProto, batch: int) -> Cost:
    """Return the cost of a run with this batch size. Raises InvalidModel if it is unknown or above the limits."""
    graph = model.graph
    flow = Flow(model, batch)
    last = {name: index for index, node in enumerate(graph.node) for name in node.input}
    last |= {value.name: len(graph.node) for value in graph.output}
    weights = {tensor.name for tensor in graph.initializer}
    held: dict[str, int] = {}
    peak = work = unpacked = 0
    most = min(batch, MANY)  # a larger batch is fixed, and is always run as a whole
    for index, node in enumerate(graph.node):
        flow.step(node)
        if node.op_type in UNPACKING and all(name in weights for name in node.input if name):
            weights |= set(node.output)
            unpacked += flow.bytes_of(node.output[0])
            if unpacked > UNPACKED_LIMIT_BYTES:
                raise InvalidModel(
                    f"needs more than {UNPACKED_LIMIT_BYTES >> 20} MiB for its weights in full precision"
                )
        else:
            held |= {name: flow.bytes_of(name) for name in node.output if name}
        steps, scratch = _work(node, flow)
        peak = max(peak, sum(held.values()) + 4 * scratch)
        work += steps
        if peak > IMAGE_LIMIT_BYTES * most:
            raise InvalidModel(
                f"needs more than {IMAGE_LIMIT_BYTES >> 20} MiB per image to run (at {quoted(node.op_type)})"
            )
        if work > WORK_LIMIT * most:
            raise InvalidModel(f"computes for too long: more than {WORK_LIMIT:.0e} multiplications per image")
        held = {name: size for name, size in held.items() if last.get(name, 0) > index}
    return Cost(peak, work, {value.name: (flow.types[value.name], flow.shapes[value.name]) for value in graph.output})


def trace(model: onnx.ModelProto, batch: int) -> Flow:
    """Return the types, shapes and known values of a whole graph. Raises InvalidModel if they are unknown."""
    flow = Flow(model, batch)
    for node in model.graph.node:
        flow.step(node)
    return flow


def quoted(text: str) -> str:
    """Return a name from a file in quotes, shortened to fit a message."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


class Flow:
    """Types, shapes and known values of everything that a graph has computed so far."""

    def __init__(self, model: onnx.ModelProto, batch: int) -> None:
        self.batch, self.opset = batch, model.opset_import[0].version
        self.imports, self.ir_version = list(model.opset_import), model.ir_version
        self.protos: dict[str, onnx.TypeProto] = {}
        self.types: dict[str, int] = {}
        self.shapes: dict[str, Shape] = {}
        self.known: dict[str, TensorProto] = {}
        for value in model.graph.input:
            dims = value.type.tensor_type.shape.dim
            shape = [dim.dim_value if dim.HasField("dim_value") else batch for dim in dims]
            self.note(value.name, helper.make_tensor_type_proto(value.type.tensor_type.elem_type, shape))
        for tensor in model.graph.initializer:
            self.note(tensor.name, helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims)))
            if math.prod(tensor.dims) <= FOLDED_ELEMENTS and _has_numbers(tensor):
                self.known[tensor.name] = tensor

    def note(self, name: str, proto: onnx.TypeProto) -> None:
        """Record the type of a new value."""
        tensor = proto.tensor_type
        dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
        if tensor.elem_type not in NUMBERS or not tensor.HasField("shape") or min(dims, default=0) < 0:
            raise InvalidModel(f"computes {quoted(name)}, whose shape depends on more than the number of images")
        if len(dims) > RANK_LIMIT:
            raise InvalidModel(
                f"computes {quoted(name)} with {len(dims)} dimensions; at most {RANK_LIMIT} are supported"
            )
        self.protos[name], self.types[name], self.shapes[name] = proto, tensor.elem_type, tuple(dims)

    def bytes_of(self, name: str) -> int:
        """Return the size of a value in bytes."""
        return math.prod(self.shapes[name]) * NUMBERS[self.types[name]]

    def step(self, node: onnx.NodeProto) -> None:
        """Infer the types of a node's outputs, and compute their values if the inputs are known."""
        if not onnx.defs.has(node.op_type, self.opset, ""):
            raise InvalidModel(f"has a {quoted(node.op_type)}, which opset {self.opset} does not define")
        schema = onnx.defs.get_schema(node.op_type, self.opset, "")
        inputs = {name: self.protos[name] for name in node.input if name}
        known = {name: self.known[name] for name in inputs if name in self.known}
        try:
            inferred = shape_inference.infer_node_outputs(
                schema, node, inputs, known, opset_imports=self.imports, ir_version=self.ir_version
            )
        except Exception as error:  # onnx raises types of its own, and so do its bindings
            raise InvalidModel(f"has a {quoted(node.op_type)} that does not fit its inputs") from error
        for name in filter(None, node.output):
            self.note(name, inferred.get(name, onnx.TypeProto()))
            if self.types[name] in INTEGERS and math.prod(self.shapes[name]) > INTEGERS_LIMIT * self.batch:
                raise InvalidModel(f"computes {quoted(name)}, which has far too many integers")
        if node.op_type == "Div" and self.types[node.output[0]] not in FLOATS:
            # Integer division by zero, or of the smallest integer by -1, ends the process and not just the call.
            divisor = known.get(node.input[1])
            if divisor is None or np.isin(numpy_helper.to_array(divisor), (0, -1)).any():
                raise InvalidModel("divides integers by a value that may be zero")
        if node.op_type in (*SCALED, *INDEXING) and len(node.input) < 2:
            raise InvalidModel(f"has a {quoted(node.op_type)} that does not fit its inputs")
        if node.op_type in SCALED and not self._scaled(node):
            raise InvalidModel(f"has a {quoted(node.op_type)} that does not fit its inputs")
        if node.op_type in INDEXING and node.input[1] in known and not self._inside(node, known[node.input[1]]):
            raise InvalidModel(f"has a {quoted(node.op_type)} that reaches outside of its input")
        self.known |= self.fold(node, known)

    def _scaled(self, node: onnx.NodeProto) -> bool:
        """Return whether a node of `SCALED` has one scale, or one for each entry along its axis."""
        shape, scales = self.shapes[node.input[0]], self.shapes.get(node.input[1], ())
        axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
        along = -len(shape) <= axis < len(shape) and scales == (shape[axis],)
        return math.prod(scales) == 1 or along

    def _inside(self, node: onnx.NodeProto, places: TensorProto) -> bool:
        """Return whether constant indices lie within the first input of a node of `INDEXING`."""
        indices, shape = numpy_helper.to_array(places), self.shapes[node.input[0]]
        axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
        if node.op_type == "ScatterND":
            if not indices.ndim or indices.shape[-1] > len(shape):
                return False
            sizes = np.array(shape[: indices.shape[-1]])
        elif -len(shape) <= axis < len(shape):
            sizes = np.array(shape[axis])
        else:
            return False
        return bool(((indices >= -sizes) & (indices < sizes)).all())

    def fold(self, node: onnx.NodeProto, known: Mapping[str, TensorProto]) -> dict[str, TensorProto]:
        """Return the values of a node's outputs if all its inputs are known and small; otherwise nothing."""
        names = [name for name in (*node.input, *node.output) if name]
        if node.op_type in ("Shape", "Size"):
            shape = self.shapes[node.input[0]]
            ends: dict[str, int] = {attribute.name: attribute.i for attribute in node.attribute}
            part = shape[ends.get("start", 0) : ends.get("end", len(shape))]
            value = np.array(part if node.op_type == "Shape" else math.prod(shape), np.int64)
            return {node.output[0]: numpy_helper.from_array(value)}
        inputs = {name: known[name] for name in node.input if name in known}
        if any(name and name not in inputs for name in node.input):
            return {}
        if any(math.prod(self.shapes[name]) > FOLDED_ELEMENTS for name in names):
            return {}
        if node.op_type == "Constant" and node.attribute[0].HasField("t"):
            return {node.output[0]: node.attribute[0].t}
        outputs = [name for name in node.output if name]
        graph = helper.make_graph(
            [node],
            "node",
            [helper.make_value_info(name, self.protos[name]) for name in inputs],
            [helper.make_value_info(name, self.protos[name]) for name in outputs],
        )
        model = helper.make_model(graph, opset_imports=self.imports, ir_version=self.ir_version)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 4, 1
        try:
            # The runtime itself computes them, so that a later run has the same shapes.
            session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
            arrays = {name: numpy_helper.to_array(tensor) for name, tensor in inputs.items()}
            values = session.run(outputs, arrays)
        except Exception:  # the value stays unknown; onnxruntime's exceptions share no base class
            return {}
        return {name: numpy_helper.from_array(value) for name, value in zip(outputs, values, strict=True)}


def _has_numbers(tensor: TensorProto) -> bool:
    """Return whether the tensor has all its numbers."""
    try:
        return bool(numpy_helper.to_array(tensor).size == math.prod(tensor.dims))
    except Exception:  # left out of the skeleton
        return False


def _work(node: onnx.NodeProto, flow: Flow) -> tuple[int, int]:
    """Return a node's multiplications, and the elements of scratch memory it needs beside its inputs and outputs."""
    shapes = [flow.shapes[name] if name else () for name in (*node.input, *node.output)]
    output = math.prod(shapes[len(node.input)])
    if node.op_type in ("MatMul", "Gemm", "MatMulInteger", "QLinearMatMul"):
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return output * (shapes[0][0 if transposed else -1] if shapes[0] else 1), 0
    if node.op_type in ("ConvInteger", "QLinearConv"):
        kernel = math.prod(shapes[3 if node.op_type == "QLinearConv" else 1][1:])
        return output * kernel, kernel * math.prod(shapes[len(node.input)][2:])
    if node.op_type == "Conv":
        # float32 is computed in small pieces; for float64, one image is unfolded as a whole.
        kernel = math.prod(shapes[1][1:])
        whole = flow.types[node.input[0]] == TensorProto.DOUBLE
        return output * kernel, kernel * math.prod(shapes[len(node.input)][2:]) if whole else 0
    if node.op_type == "ConvTranspose":
        kernel = math.prod(shapes[1][1:])
        return math.prod(shapes[0]) * kernel, kernel * math.prod(shapes[0][2:])
    if node.op_type in ("AveragePool", "MaxPool"):
        window = next((attribute.ints for attribute in node.attribute if attribute.name == "kernel_shape"), ())
        return ELEMENT_WORK * output * math.prod(window), 0
    elements = sum(map(math.prod, shapes))
    if node.op_type in ("Softmax", "LogSoftmax"):
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), -1)
        # Along any axis but the last, inputs and outputs are copied in another order.
        return ELEMENT_WORK * elements, 0 if axis in (-1, len(shapes[0]) - 1) else elements
    if node.op_type.startswith("Reduce"):
        return ELEMENT_WORK * elements, elements
    return ELEMENT_WORK * elements, 0
