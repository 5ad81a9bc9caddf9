"""onnxruntime's sessions: options that are safe and quiet, and the provider that really runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import onnxruntime

from export.checks import ModelRefused

PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}
FOLDING_LIMIT_BYTES = 2**20


def make_session(model: onnx.ModelProto, path: Path, wanted: list[str], threads: int) -> onnxruntime.InferenceSession:
    """A session of a model that `read_model` let pass. wanted: providers by name, the first that comes is taken."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is said by us, once
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning burns a core while idle
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDING_LIMIT_BYTES))
    providers: list[Any] = [PROVIDERS[name] for name in wanted]
    if "cuda" in wanted:
        onnxruntime.preload_dlls()
        # TF32 drifts by about 1e-3 from what was verified; the heuristic search does not stall at new batch sizes.
        providers[0] = (PROVIDERS["cuda"], {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"})
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelRefused(f"{path} could not be opened: onnxruntime refuses its graph.") from error
    session.disable_fallback()
    return session
