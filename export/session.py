"""onnxruntime's sessions: options that are safe and quiet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import onnx
import onnxruntime

from export.checks import ModelRefused
from export.contract import ExportError
from export.providers import CPU, CUDA, preload

FOLDING_LIMIT_BYTES = 2**20
QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how much of its CPUs a container may use."""


def usable_cpus() -> int:
    """CPUs that this process may use, which can be fewer than the machine has."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(cpus, int(quota) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no container, or no limit ("max")
        return cpus


def make_session(model: onnx.ModelProto, path: Path, provider: str, threads: int) -> onnxruntime.InferenceSession:
    """A session of a model that `export.checks.read_model` let pass.

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
    providers: list[Any] = [CPU]
    if provider == CUDA:
        preload()
        # TF32 drifts by about 1e-3 from what was verified; the heuristic search does not stall at new batch sizes.
        providers.insert(0, (CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}))
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelRefused(f"{path} could not be opened: onnxruntime refuses its graph.") from error
    session.disable_fallback()
    return session
