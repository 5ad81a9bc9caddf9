"""What a file may hold before onnxruntime sees it.

Building a session on a hostile file can fold constants into hundreds of megabytes, read files beside it, or end the
process. The file's outline is checked first, then its numbers piece by piece; only then is all of it read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from digitforge.errors import ModelRefused
from export.contract import PIXELS, ContractError, GeneratorInfo
from export.safety.budget import NUMBERS, check_budget, quoted
from export.safety.operators import ALLOWED
from export.safety.skeleton import DAMAGED, Outline, Span, Unfit, outline

SIZE_LIMIT_BYTES = 128 * 2**20
"""33 million weights, ten times those of the largest preset."""
NODE_LIMIT = 4096
METADATA_LIMIT_BYTES = 2**18
INPUT_LIMIT = 2**18
"""Numbers that go in for one image."""
IR_VERSIONS = range(3, 14)
OPSETS = range(7, 26)
PIECE_BYTES = 2**20
STANDARD = ("", "ai.onnx")


def read_model(path: Path) -> onnx.ModelProto:
    """Check the file at `path` and parse it. Raises ModelRefused where it could do harm or contradicts itself."""
    size = path.stat().st_size
    try:
        if size > SIZE_LIMIT_BYTES:
            raise Unfit(f"is {size / 2**20:.0f} MiB; generators of up to {SIZE_LIMIT_BYTES >> 20} MiB open")
        with path.open("rb") as file:
            rough = outline(file, size)
            _check_model(rough.model)
            _check_numbers(rough, file)
            check_budget(rough.model)
            file.seek(0)
            model: onnx.ModelProto = onnx.ModelProto.FromString(file.read(size))
            return model
    except Unfit as problem:
        raise ModelRefused(f"{path} {problem}.") from problem


def _check_model(model: onnx.ModelProto) -> None:
    graph = model.graph
    if not graph.node:
        raise Unfit(DAMAGED)
    if model.functions or model.training_info or any(domain.domain not in STANDARD for domain in model.opset_import):
        raise Unfit("brings its own operators; only standard ONNX operators are run")
    if len(model.opset_import) != 1 or model.opset_import[0].version not in OPSETS:
        raise Unfit(f"needs standard operators of another opset than {OPSETS[0]} to {OPSETS[-1]}: export it again")
    if model.ir_version not in IR_VERSIONS:
        raise Unfit(f"is of another ONNX version (IR) than {IR_VERSIONS[0]} to {IR_VERSIONS[-1]}: export it again")
    if sum(entry.ByteSize() for entry in model.metadata_props) > METADATA_LIMIT_BYTES:
        raise Unfit(f"has more than {METADATA_LIMIT_BYTES >> 10} KiB of metadata")
    if len(graph.node) > NODE_LIMIT:
        raise Unfit(f"has {len(graph.node):,} operators; generators of up to {NODE_LIMIT:,} are run")
    if graph.sparse_initializer:
        raise Unfit("holds sparse weights; save them as ordinary ones")
    weights = {tensor.name for tensor in graph.initializer}
    for value in (value for value in graph.input if value.name not in weights):
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]]
        if not 0 < math.prod(sizes) <= INPUT_LIMIT or min(sizes, default=1) < 0:
            raise Unfit(f"leaves open how large {quoted(value.name)} is, or takes far more than a generator does")
    _check_wiring(graph)
    for node in graph.node:
        _check_node(node)


def _check_wiring(graph: onnx.GraphProto) -> None:
    """Every name is made once, before it is used; what comes out hangs on what goes in."""
    made: dict[str, bool] = {}
    weights = {tensor.name for tensor in graph.initializer}
    values = [(value.name, True) for value in graph.input if value.name not in weights]
    for name, hangs in (*values, *((tensor.name, False) for tensor in graph.initializer)):
        if not name or name in made:
            raise Unfit(f"has two values of the name {quoted(name)}")
        made[name] = hangs
    for node in graph.node:
        missing = next((name for name in node.input if name and name not in made), None)
        if missing is not None:
            raise Unfit(f"uses {quoted(missing)} before it is computed, if it ever is")
        hangs = any(made[name] for name in node.input if name)
        for name in filter(None, node.output):
            if name in made:
                raise Unfit(f"has two values of the name {quoted(name)}")
            made[name] = hangs
    if not all(made.get(value.name) for value in graph.output):
        raise Unfit("does not compute its outputs from its inputs")


def _check_node(node: onnx.NodeProto) -> None:
    if node.domain not in STANDARD or node.op_type not in ALLOWED:
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            raise Unfit(f"holds a control-flow operator ({quoted(node.op_type)}); generators need none")
        name = f"{node.domain}.{node.op_type}".lstrip(".")
        raise Unfit(f"uses the operator {quoted(name)}; generators need none of its kind")
    if not any(node.output[:1]):
        raise Unfit(f"holds a {quoted(node.op_type)} without its first output")
    for attribute in node.attribute:
        plain = not (
            attribute.HasField("g") or attribute.graphs or attribute.HasField("sparse_tensor") or attribute.tensors
            or attribute.sparse_tensors or attribute.HasField("tp") or attribute.type_protos or attribute.ref_attr_name
        )  # fmt: skip
        if attribute.name == "group" and attribute.i < 1:  # shapes come out all the same, and every run fails
            raise Unfit(f"holds a {quoted(node.op_type)} of {attribute.i} groups")
        if not plain or not np.isfinite([attribute.f, *attribute.floats]).all():
            raise Unfit(f"holds a {quoted(node.op_type)} with a setting that is no finite number, text or tensor")


def _check_numbers(rough: Outline, file: IO[bytes]) -> None:
    """Every tensor has as many numbers as it declares, all finite, in the file itself."""
    graph = rough.model.graph
    constants = (item.t for node in graph.node for item in node.attribute if item.HasField("t"))
    tensors = [*zip(graph.initializer, rough.spans, strict=True), *((tensor, ()) for tensor in constants)]
    used = {name for node in graph.node for name in node.input}
    unused = sum(span.length for tensor, spans in tensors if tensor.name not in used for span in spans)
    if unused > PIECE_BYTES:
        raise Unfit(f"holds {unused / 2**20:.0f} MiB of weights that nothing uses")
    for tensor, spans in tensors:
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise Unfit("keeps weights in another file; a generator is one file with all its weights")
        if tensor.data_type not in NUMBERS or min(tensor.dims, default=0) < 0 or tensor.HasField("segment"):
            raise Unfit(f"holds weights {quoted(tensor.name)} of a type or shape that generators do not have")
        count = 0
        for numbers in _pieces(tensor, spans, file):
            count += numbers.size
            if numbers.dtype.kind not in "biu" and not np.isfinite(numbers).all():
                raise Unfit(f"holds weights {quoted(tensor.name)} that are not finite numbers")
        if count != math.prod(tensor.dims):
            raise Unfit(f"holds weights {quoted(tensor.name)} that are not as many as their shape says")


def _pieces(tensor: TensorProto, spans: tuple[Span, ...], file: IO[bytes]) -> Iterator[np.ndarray]:
    """The tensor's numbers, piece by piece."""
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    for start, length in spans:
        if length % kind.itemsize:
            raise Unfit(f"holds weights {quoted(tensor.name)} that are not as many as their shape says")
        file.seek(start)
        for done in range(0, length, PIECE_BYTES):
            yield np.frombuffer(file.read(min(PIECE_BYTES, length - done)), kind)
    if not spans:
        try:
            yield numpy_helper.to_array(tensor)
        except Exception as error:  # numpy's and onnx's own
            raise Unfit(f"holds weights {quoted(tensor.name)} that are not as many as their shape says") from error


def check_signature(model: onnx.ModelProto) -> GeneratorInfo:
    """Read the metadata and hold the inputs and outputs against it. Raises ContractError where they differ."""
    info = GeneratorInfo.from_metadata({entry.key: entry.value for entry in model.metadata_props})
    float32, uint8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    for side, values, expected in (("input", inputs, info.inputs()), ("output", model.graph.output, info.outputs())):
        if [value.name for value in values] != list(expected):
            raise ContractError(
                f"The file's {side}s are {', '.join(quoted(value.name) for value in values[:3]) or 'none'}; "
                f"its metadata asks for {', '.join(expected)}."
            )
        for value, shape in zip(values, expected.values(), strict=True):
            tensor = value.type.tensor_type
            dims = [dim.dim_value if dim.HasField("dim_value") else "batch" for dim in tensor.shape.dim]
            if dims != list(shape):
                raise ContractError(f"The {side} {value.name} has shape {dims}; its metadata asks for {list(shape)}.")
            if tensor.elem_type != (uint8 if value.name == PIXELS else float32):
                raise ContractError(f"The {side} {value.name} has another number type than the contract asks for.")
    return info
