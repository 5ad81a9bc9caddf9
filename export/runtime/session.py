"""onnxruntime's sessions: options that are safe and quiet."""

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
    """A session of a model that `export.safety.checks.read_model` let pass.

    provider: CPU, or CUDA, which falls back to the CPU where it does not start; `get_providers` tells. threads: of one
    call on the CPU; 0 takes all that may be used. Raises ModelRefused, ExportError for a wrong number of threads.
    """
    usable = usable_cpus()
    if threads < 0:
        raise ExportError(f"{threads} threads were asked for: it must be 0 (all of {usable}) or more.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is said by us, once
    options.intra_op_num_threads = min(threads or usable, usable)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning burns a core while idle
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDING_LIMIT_BYTES))
    attempts: list[list[Any]] = [[CPU]]
    if provider == CUDA:
        preload()
        # TF32 drifts by about 1e-3 from what was verified; the heuristic search does not stall at new batch sizes.
        attempts.insert(0, [(CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}), CPU])
    reason: Exception | None = None
    for providers in attempts:
        try:  # without its own fallback, which prints, and which would change providers in the middle of a run
            return onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=providers, enable_fallback=0
            )
        except Exception as error:  # onnxruntime's exceptions share no base class
            reason = error
    raise ModelRefused(f"{path} could not be opened: onnxruntime refuses its graph.") from reason
