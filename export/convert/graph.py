"""Convert a torch module to an ONNX graph that has no trace of the exporting machine."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import onnx_ir
import torch
from torch import Tensor, nn

from digitforge.errors import ExportError
from export.contract import GeneratorInfo, Precision, digest_of

OPSET = 20


def to_onnx(
    module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], precision: Precision = "fp32"
) -> onnx.ModelProto:
    """Return the graph of a module in evaluation mode, with a dynamic batch dimension.

    example: inputs by name; they name the inputs of the graph. outputs: names of the outputs.
    precision: "fp32", or "fp16" for weights of half the size; inputs and outputs are float32 in both.
    Raises ExportError if torch cannot express the module in ONNX.
    """
    assert not module.training  # torch would export training mode with just a warning
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        try:
            program = torch.onnx.export(
                module,
                tuple(example.values()),
                dynamo=True,
                input_names=list(example),
                output_names=list(outputs),
                dynamic_shapes=[{0: "batch"} for _ in example],
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise ExportError(f"torch cannot express this network in ONNX ({type(error).__name__}).") from error
    assert program is not None
    model = program.model_proto
    if precision == "fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        # The tool appends its casts at the end, but the standard requires every node after its inputs.
        converted = onnx_ir.from_proto(convert_float_to_float16(model, keep_io_types=True))
        converted.graph.sort()
        model = onnx_ir.to_proto(converted)
    _strip(model)
    return model


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter records about the machine: source lines, stack traces, module paths."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.value_info, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    del graph.value_info[:]
    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    model.producer_name, model.producer_version = "digitforge", ""
    graph.name = "generator"


def write_generator(model: onnx.ModelProto, info: GeneratorInfo, path: Path) -> GeneratorInfo:
    """Check a generator and write it with its metadata, which get its digest. Return the metadata.

    Raises ExportError if the model is not valid ONNX.
    """
    info = replace(info, digest=digest_of(io.BytesIO(model.SerializeToString(deterministic=True))))
    write(model, info.to_metadata(), path)
    return info


def write(model: onnx.ModelProto, metadata: Mapping[str, str], path: Path) -> None:
    """Check the model and write it with its metadata. The same model gives the same bytes.

    Raises ExportError if the model is not valid ONNX.
    """
    onnx.helper.set_model_props(model, dict(metadata))
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError("The exported graph is not valid ONNX; report this as a bug.") from error
    path.write_bytes(model.SerializeToString(deterministic=True))
