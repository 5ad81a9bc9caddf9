"""Express a graph in an older operator set, for runtimes that do not know the newest one."""

from __future__ import annotations

import onnx
from onnx import helper, numpy_helper

from digitforge.errors import ExportError

OPSET = 20
"""The operator set of an export."""
OPSETS = range(13, OPSET + 1)
"""The operator sets that an export can have."""
ATTRIBUTES = {
    "BatchNormalization": {"training_mode": 14},
    "Cast": {"saturate": 19},
    "ReduceMean": {"noop_with_empty_axes": 18},
    "Reshape": {"allowzero": 14},
    "Resize": {"antialias": 18, "keep_aspect_ratio_policy": 18},
}
"""Attributes by operator, each with the operator set that introduced it."""
SILENT: dict[str, tuple[object, ...]] = {
    "saturate": (1,),
    "keep_aspect_ratio_policy": (b"stretch",),
    "allowzero": (0, 1),
}
"""Values of those attributes that say nothing; 0 for all others.

No image has a size of 0, which `allowzero` is about.
"""
AXES_INPUT = 18
"""The operator set in which ReduceMean takes its axes as an input instead of an attribute."""


def lower(model: onnx.ModelProto, opset: int) -> None:
    """Change `model` from operator set 20 to `opset`, one of `OPSETS`.

    What the older set cannot express stays as it is, and is found by the check of the whole model. Raises ExportError
    if that check fails.
    """
    if opset == OPSET:
        return
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        introduced = ATTRIBUTES.get(node.op_type, {})
        kept = [
            each
            for each in node.attribute
            if introduced.get(each.name, 0) <= opset
            or helper.get_attribute_value(each) not in SILENT.get(each.name, (0,))
        ]
        del node.attribute[:]
        node.attribute.extend(kept)
        if node.op_type == "ReduceMean" and opset < AXES_INPUT and len(node.input) > 1 and node.input[1] in constants:
            axes = numpy_helper.to_array(constants[node.input[1]])
            node.attribute.append(helper.make_attribute("axes", axes.tolist()))
            del node.input[1:]
    used = {name for node in model.graph.node for name in node.input}
    kept_tensors = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept_tensors)
    model.opset_import[0].version = opset
    model.ir_version = helper.find_min_ir_version_for(model.opset_import)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"This network cannot be expressed in opset {opset}: choose a higher --opset.") from error
