"""Check a model file before onnxruntime sees it.

A session on a hostile file can fold constants into hundreds of megabytes, read other files, or end the process. The
skeleton of the file is checked first and then its numbers, piece by piece. Only then is the whole file read.
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
from export.contract import METADATA_PREFIX, PIXELS, ContractError, DiscriminatorInfo, GeneratorInfo, Info
from export.safety.budget import NUMBERS, check_budget, declare_batch, quoted
from export.safety.operators import ALLOWED, RANDOM
from export.safety.skeleton import DAMAGED, InvalidModel, Skeleton, Span, read_skeleton

SIZE_LIMIT_BYTES = 128 * 2**20
"""33 million weights, ten times as many as the largest preset has."""
NODE_LIMIT = 4096
METADATA_LIMIT_BYTES = 2**18
INPUT_LIMIT = 2**18
"""Limit for the input values of one image."""
IR_VERSIONS = range(3, 14)
OPSETS = range(7, 26)
PIECE_BYTES = 2**20
STANDARD = ("", "ai.onnx")
SMALL = tuple(
    kind
    for name, kind in TensorProto.DataType.items()
    if name.startswith(("INT4", "UINT4", "INT2", "UINT2", "FLOAT4", "FLOAT8"))
)
"""Number types that only quantized weights have, and that do not open."""
OWN = "digitforge"
"""The metadata keys of digitforge's generators and classifiers begin with this word."""


def read_model(path: Path) -> onnx.ModelProto:
    """Check the file at `path` and parse it. Raises ModelRefused if it is unsafe or contradicts itself.

    If a generator from elsewhere runs only one batch size, its inputs declare that size, even where the file does not.
    """
    size = path.stat().st_size
    try:
        if size > SIZE_LIMIT_BYTES:
            raise InvalidModel(f"has {size / 2**20:.0f} MiB; generators may have up to {SIZE_LIMIT_BYTES >> 20} MiB")
        with path.open("rb") as file:
            skeleton = read_skeleton(file, size)
            _normalize(skeleton.model)
            _check_model(skeleton.model)
            _check_numbers(skeleton, file)
            own = any(entry.key.startswith(OWN) for entry in skeleton.model.metadata_props)
            batch = check_budget(skeleton.model, any_batch=own)
            file.seek(0)
            model: onnx.ModelProto = onnx.ModelProto.FromString(file.read(size))
            _normalize(model)
            if not own:
                declare_batch(model, batch)
            return model
    except InvalidModel as problem:
        raise ModelRefused(f"{path} {problem}.") from problem


def is_foreign(model: onnx.ModelProto) -> bool:
    """Return whether digitforge did not export the file."""
    return not any(entry.key.startswith(METADATA_PREFIX) for entry in model.metadata_props)


def _normalize(model: onnx.ModelProto) -> None:
    """Remove what other tools write although it says nothing.

    That is operator sets that no node uses (tf2onnx, onnxruntime), sizes of 0 or -1 where a size is not known, and
    inputs that no node uses, such as the labels of a StyleGAN without classes.
    """
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in STANDARD or entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    if is_foreign(model):
        needed = {name for node in model.graph.node for name in node.input}
        inputs = [value for value in model.graph.input if value.name in needed]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for dim in value.type.tensor_type.shape.dim[:1]:
            if dim.HasField("dim_value") and dim.dim_value < 1:
                dim.ClearField("dim_value")


def _check_model(model: onnx.ModelProto) -> None:
    graph = model.graph
    if not graph.node:
        raise InvalidModel(DAMAGED)
    if model.functions or model.training_info:
        raise InvalidModel("defines its own operators; only standard ONNX operators are supported")
    own = next((node for node in graph.node if node.domain not in STANDARD), None)
    if own is not None:
        raise InvalidModel(
            f"uses the operator {quoted(f'{own.domain}.{own.op_type}')}, and only standard ONNX operators are "
            f"supported{_advice(own)}"
        )
    if len(model.opset_import) != 1 or model.opset_import[0].version not in OPSETS:
        raise InvalidModel(f"uses an unsupported opset; {OPSETS[0]} to {OPSETS[-1]} are supported: export it again")
    if model.ir_version not in IR_VERSIONS:
        raise InvalidModel(
            f"has an unsupported IR version; {IR_VERSIONS[0]} to {IR_VERSIONS[-1]} are supported: export it again"
        )
    if sum(entry.ByteSize() for entry in model.metadata_props) > METADATA_LIMIT_BYTES:
        raise InvalidModel(f"has more than {METADATA_LIMIT_BYTES >> 10} KiB of metadata")
    if len(graph.node) > NODE_LIMIT:
        raise InvalidModel(f"has {len(graph.node):,} operators; generators may have up to {NODE_LIMIT:,}")
    if graph.sparse_initializer:
        raise InvalidModel("has sparse weights: save them as dense ones")
    weights = {tensor.name for tensor in graph.initializer}
    for value in (value for value in graph.input if value.name not in weights):
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]]
        if not 0 < math.prod(sizes) <= INPUT_LIMIT or min(sizes, default=1) < 0:
            raise InvalidModel(f"has an input {quoted(value.name)} of unknown or unreasonable size")
    _check_wiring(graph)
    false = _false_constants(graph)
    for node in graph.node:
        _check_node(node, false)


def _advice(node: onnx.NodeProto) -> str:
    """Return what to do about an operator of another domain, as the end of a sentence."""
    if not node.domain.startswith("com.microsoft"):
        return ""
    if node.op_type.startswith("QLinear") or node.op_type == "QGemm":
        return "; quantize the generator with `quant_format=QuantFormat.QDQ`"
    if node.op_type.endswith("QuantizeLinear"):
        return "; quantize the generator to 8 bits"
    return "; onnxruntime has optimized this file: use the file it was made from"


def _check_wiring(graph: onnx.GraphProto) -> None:
    """Check that every name is computed once, before it is used, and that the outputs depend on the inputs."""
    computed: dict[str, bool] = {}
    weights = {tensor.name for tensor in graph.initializer}
    values = [(value.name, True) for value in graph.input if value.name not in weights]
    for name, depends in (*values, *((tensor.name, False) for tensor in graph.initializer)):
        if not name or name in computed:
            raise InvalidModel(f"has two values with the name {quoted(name)}")
        computed[name] = depends
    for node in graph.node:
        missing = next((name for name in node.input if name and name not in computed), None)
        if missing is not None:
            raise InvalidModel(f"uses {quoted(missing)} before it is computed")
        depends = any(computed[name] for name in node.input if name)
        for name in filter(None, node.output):
            if name in computed:
                raise InvalidModel(f"has two values with the name {quoted(name)}")
            computed[name] = depends
    if not all(computed.get(value.name) for value in graph.output):
        raise InvalidModel("does not compute its outputs from its inputs")


def _false_constants(graph: onnx.GraphProto) -> set[str]:
    """Return the names of constants that are a single False, such as the training mode of a Dropout."""
    named = [(tensor.name, tensor) for tensor in graph.initializer]
    for node in graph.node:
        if node.op_type == "Constant":
            named += [(node.output[0], each.t) for each in node.attribute if each.name == "value" and node.output]
    single = [(name, tensor) for name, tensor in named if tensor.data_type == onnx.TensorProto.BOOL]
    return {name for name, tensor in single if tensor.raw_data == b"\0" or list(tensor.int32_data) == [0]}


def _check_node(node: onnx.NodeProto, false: set[str]) -> None:
    if node.op_type not in ALLOWED:
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            raise InvalidModel(f"has a control-flow operator ({quoted(node.op_type)}), which generators do not need")
        if node.op_type in RANDOM:
            raise InvalidModel(
                f"draws random numbers ({quoted(node.op_type)}), and the same latents must make the same image: export "
                "it with constant noise"
            )
        raise InvalidModel(f"uses the operator {quoted(node.op_type)}, which generators do not need")
    training = any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute)
    if node.op_type == "BatchNormalization" and (training or len(node.output) > 1):
        raise InvalidModel(
            "has a BatchNormalization in training mode: call `eval()` on the network, which must track its running "
            "statistics, and export it again"
        )
    if node.op_type == "Dropout" and not false.issuperset(filter(None, node.input[2:])):
        raise InvalidModel(
            "has a Dropout that may be in training mode: call `eval()` on the network and export it again"
        )
    if any(attribute.name == "block_size" and attribute.i for attribute in node.attribute):
        raise InvalidModel("has weights that are quantized in blocks: quantize them by tensor or by channel")
    if not any(node.output[:1]):
        raise InvalidModel(f"has a {quoted(node.op_type)} without its first output")
    for attribute in node.attribute:
        plain = not (
            attribute.HasField("g") or attribute.graphs or attribute.HasField("sparse_tensor") or attribute.tensors
            or attribute.sparse_tensors or attribute.HasField("tp") or attribute.type_protos or attribute.ref_attr_name
        )  # fmt: skip
        if attribute.name == "group" and attribute.i < 1:  # shape inference accepts it, but every run fails
            raise InvalidModel(f"has a {quoted(node.op_type)} with {attribute.i} groups")
        if not plain or not np.isfinite([attribute.f, *attribute.floats]).all():
            raise InvalidModel(
                f"has a {quoted(node.op_type)} with an attribute that is not a finite number, text or tensor"
            )


def _check_numbers(skeleton: Skeleton, file: IO[bytes]) -> None:
    """Check that every tensor has as many numbers as it declares, that they are finite, and that the file has them."""
    graph = skeleton.model.graph
    constants = (item.t for node in graph.node for item in node.attribute if item.HasField("t"))
    tensors = [*zip(graph.initializer, skeleton.spans, strict=True), *((tensor, ()) for tensor in constants)]
    used = {name for node in graph.node for name in node.input}
    unused = sum(span.length for tensor, spans in tensors if tensor.name not in used for span in spans)
    if unused > PIECE_BYTES:
        raise InvalidModel(f"has {unused / 2**20:.0f} MiB of weights that nothing uses")
    for tensor, spans in tensors:
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise InvalidModel(
                "keeps weights in another file: export it as one file, in torch with `torch.onnx.export(..., "
                "external_data=False)`"
            )
        if tensor.data_type in SMALL:
            kind = TensorProto.DataType.Name(tensor.data_type)
            raise InvalidModel(
                f"has weights {quoted(tensor.name)} of the type {kind}: quantize the generator to 8 bits, as integers"
            )
        if tensor.data_type not in NUMBERS or min(tensor.dims, default=0) < 0 or tensor.HasField("segment"):
            raise InvalidModel(f"has weights {quoted(tensor.name)} of an unsupported type or shape")
        count = 0
        for numbers in _pieces(tensor, spans, file):
            count += numbers.size
            if numbers.dtype.kind not in "biu" and not np.isfinite(numbers).all():
                raise InvalidModel(f"has weights {quoted(tensor.name)} that are not finite")
        if count != math.prod(tensor.dims):
            raise InvalidModel(f"has weights {quoted(tensor.name)} whose number differs from their shape")


def _pieces(tensor: TensorProto, spans: tuple[Span, ...], file: IO[bytes]) -> Iterator[np.ndarray]:
    """Yield the numbers of a tensor, piece by piece."""
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    for start, length in spans:
        if length % kind.itemsize:
            raise InvalidModel(f"has weights {quoted(tensor.name)} whose number differs from their shape")
        file.seek(start)
        for done in range(0, length, PIECE_BYTES):
            yield np.frombuffer(file.read(min(PIECE_BYTES, length - done)), kind)
    if not spans:
        try:
            yield numpy_helper.to_array(tensor)
        except Exception as error:  # numpy and onnx raise types of their own
            raise InvalidModel(f"has weights {quoted(tensor.name)} whose number differs from their shape") from error


def check_signature(model: onnx.ModelProto) -> GeneratorInfo:
    """Read the metadata and compare the inputs and outputs to it. Raises ContractError if they differ."""
    info = GeneratorInfo.from_metadata(_metadata(model))
    _check_values(model, info)
    return info


def check_discriminator_signature(model: onnx.ModelProto) -> DiscriminatorInfo:
    """Do the same for a discriminator."""
    info = DiscriminatorInfo.from_metadata(_metadata(model))
    _check_values(model, info)
    return info


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


def _check_values(model: onnx.ModelProto, info: Info) -> None:
    float32, uint8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    first = inputs[0].type.tensor_type.shape.dim[:1] if inputs else ()
    batch = next((dim.dim_value for dim in first if dim.HasField("dim_value")), "batch")  # a file may run only one size
    for side, values, expected in (("input", inputs, info.inputs()), ("output", model.graph.output, info.outputs())):
        if [value.name for value in values] != list(expected):
            raise ContractError(
                f"The file's {side}s are {', '.join(quoted(value.name) for value in values[:3]) or 'none'}; "
                f"its metadata declares {', '.join(expected)}."
            )
        for value, shape in zip(values, expected.values(), strict=True):
            tensor = value.type.tensor_type
            dims = [dim.dim_value if dim.HasField("dim_value") else "batch" for dim in tensor.shape.dim]
            if dims != [batch, *shape[1:]]:
                raise ContractError(f"The {side} {value.name} has shape {dims}; its metadata declares {list(shape)}.")
            if tensor.elem_type != (uint8 if value.name == PIXELS else float32):
                raise ContractError(f"The {side} {value.name} has another number type than the contract requires.")
