"""Write checked models with their metadata. Needs no torch."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import onnx

from digitforge.errors import ExportError
from export.contract import GeneratorInfo, digest_of


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
