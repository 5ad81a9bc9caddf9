"""What a file may hold before onnxruntime sees it.

Building a session on a hostile file can fold constants into hundreds of megabytes or read files beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx

from export.contract import PIXELS, ContractError, ExportError, GeneratorInfo

SIZE_LIMIT_BYTES = 256 * 2**20


class ModelRefused(ExportError):
    """The file is not one that can be opened safely."""


def read_model(path: Path) -> onnx.ModelProto:
    """Parse the file at `path` and refuse what a generator never needs. Raises ModelRefused."""
    size = path.stat().st_size
    if size > SIZE_LIMIT_BYTES:
        raise ModelRefused(f"{path} is {size / 2**20:.0f} MiB; generators of up to {SIZE_LIMIT_BYTES >> 20} MiB open.")
    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf raises its own types, and not always the same ones
        raise ModelRefused(f"{path} is not an ONNX file, or it is damaged.") from error
    if not model.graph.node:
        raise ModelRefused(f"{path} is not an ONNX file, or it is damaged.")
    if model.functions or any(domain.domain not in ("", "ai.onnx") for domain in model.opset_import):
        raise ModelRefused(f"{path} brings its own operators; only standard ONNX operators are run.")
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise ModelRefused(f"{path} uses the operator {node.domain}.{node.op_type}; only standard ones are run.")
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs:
                raise ModelRefused(f"{path} holds a control-flow operator ({node.op_type}); generators need none.")
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise ModelRefused(f"{path} keeps weights in another file; a generator is one file with all its weights.")
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t


def check_signature(model: onnx.ModelProto) -> GeneratorInfo:
    """Read the metadata and hold the inputs and outputs against it. Raises ContractError where they differ."""
    info = GeneratorInfo.from_metadata({entry.key: entry.value for entry in model.metadata_props})
    float32, uint8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    for side, values, expected in (("input", inputs, info.inputs()), ("output", model.graph.output, info.outputs())):
        if [value.name for value in values] != list(expected):
            raise ContractError(
                f"The file's {side}s are {', '.join(value.name for value in values) or 'none'}; "
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
