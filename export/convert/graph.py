"""Convert a torch module to an ONNX graph that has no trace of the exporting machine."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence

import onnx
import torch
from torch import Tensor, nn

from digitforge.errors import ExportError
from export.contract import Precision
from export.convert.half import to_half
from export.convert.opset import OPSET, lower


def to_onnx(
    module: nn.Module,
    example: Mapping[str, Tensor],
    outputs: Sequence[str],
    precision: Precision = "fp32",
    opset: int = OPSET,
    fixed: bool = False,
) -> onnx.ModelProto:
    """Return the graph of a module in evaluation mode.

    example: inputs by name; they name the inputs of the graph. outputs: names of the outputs.
    precision: "fp32", or "fp16" for weights of half the size; inputs and outputs are float32 in both.
    opset: one of `export.convert.opset.OPSETS`. fixed: whether the graph runs only batches of the size of the example.
    Raises ExportError if torch cannot express the module in ONNX, or the operator set is too old for it.
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
                dynamic_shapes=None if fixed else [{0: "batch"} for _ in example],
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise ExportError(f"torch cannot express this network in ONNX ({type(error).__name__}).") from error
    assert program is not None
    model = program.model_proto
    if precision == "fp16":
        model = to_half(model)
    _strip(model)
    lower(model, opset)
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
