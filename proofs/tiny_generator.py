"""The smallest generator that keeps the contract, as an ONNX file with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.contract import GeneratorInfo


def write_model(path: Path, info: GeneratorInfo) -> Path:
    """Write the generator image = tanh(z W + y V) to `path`; every input shows in the picture."""
    random = np.random.default_rng(0)
    size = info.channels * info.height * info.width
    shape = [-1, info.channels, info.height, info.width]
    weights = {
        "W": random.standard_normal((info.latent_size, size)).astype(np.float32) / 2,
        "image_shape": np.array(shape),
        "half": np.array(127.5, np.float32),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
        "pixels_shape": np.array([-1, *shape[2:]] if info.channels == 1 else [-1, *shape[2:], 3]),
    }
    nodes = [helper.make_node("MatMul", ["z", "W"], ["from_z"])]
    if info.conditional:
        weights["V"] = random.standard_normal((len(info.classes), size)).astype(np.float32)
        nodes += [
            helper.make_node("MatMul", ["y", "V"], ["from_y"]),
            helper.make_node("Add", ["from_z", "from_y"], ["flat"]),
        ]
    nodes += [
        helper.make_node("Tanh", ["flat" if info.conditional else "from_z"], ["squashed"]),
        helper.make_node("Reshape", ["squashed", "image_shape"], ["image"]),
        helper.make_node("Transpose", ["image"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["last", "pixels_shape"], ["shaped"]),
        helper.make_node("Mul", ["shaped", "half"], ["scaled"]),
        helper.make_node("Add", ["scaled", "half"], ["shifted"]),
        helper.make_node("Round", ["shifted"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "low", "high"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], ["pixels"], to=TensorProto.UINT8),
    ]
    inputs, outputs = (
        [
            helper.make_tensor_value_info(
                name, TensorProto.UINT8 if name == "pixels" else TensorProto.FLOAT, list(dims)
            )
            for name, dims in side.items()
        ]
        for side in (info.inputs(), info.outputs())
    )
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, outputs, initializers),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    helper.set_model_props(model, info.to_metadata())
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
