"""Create onnxruntime sessions with options that are safe and quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import onnxruntime

from digitforge.cpus import usable_cpus
from digitforge.errors import ExportError, ModelRefused
from export.runtime.providers import CPU, CUDA, preload

FOLDING_LIMIT_BYTES = 2**20


def make_session(model: onnx.ModelProto, path: Path, provider: str, threads: int) -> onnxruntime.InferenceSession:
    """Return a session for a model that `export.safety.checks.read_model` accepted.

    provider: CPU, or CUDA, which falls back to the CPU if it does not start; the session's `get_providers` says so.
    threads: CPU threads per call; 0 for as many as this process may use.
    Raises ModelRefused if onnxruntime refuses the model, and ExportError for a negative number of threads.
    """
    usable = usable_cpus()
    if threads < 0:
        raise ExportError(f"The number of threads is {threads}; it must be 0 (all {usable}) or more.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # failures are reported once, by us
    options.intra_op_num_threads = min(threads or usable, usable)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning keeps idle cores busy
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDING_LIMIT_BYTES))
    attempts: list[list[Any]] = [[CPU]]
    if provider == CUDA:
        preload()
        # TF32 differs by about 1e-3 from what was verified; the heuristic search does not stall at new batch sizes.
        attempts.insert(0, [(CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}), CPU])
    reason: Exception | None = None
    for providers in attempts:
        try:  # onnxruntime's own fallback is off: it prints, and it may change providers during a run
            return onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=providers, enable_fallback=0
            )
        except Exception as error:  # onnxruntime's exceptions share no base class
            reason = error
    raise ModelRefused(f"{path} could not be opened: onnxruntime refuses its graph.") from reason
