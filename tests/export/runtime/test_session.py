from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from digitforge.errors import ExportError, ModelRefused
from export.runtime import session
from export.runtime.generator import open_generator
from export.runtime.providers import CPU, CUDA
from export.safety.checks import read_model


def test_threads_are_limited_to_the_usable_cpus(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "usable_cpus", lambda: 2)
    for asked, given in ((0, 2), (1, 1), (2, 2), (64, 2)):
        options = open_generator(models["digits"], threads=asked).session.get_session_options()
        assert options.intra_op_num_threads == given
    with pytest.raises(ExportError, match="number of threads is -1"):
        open_generator(models["digits"], threads=-1)


def test_the_cpu_runs_silently_if_cuda_does_not_start(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real, attempts = onnxruntime.InferenceSession, []

    def start(content: bytes, options: Any, providers: list[Any], **keywords: Any) -> onnxruntime.InferenceSession:
        attempts.append(providers)
        if len(providers) > 1:
            raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected")
        return real(content, options, providers=providers, **keywords)

    monkeypatch.setattr(onnxruntime, "InferenceSession", start)
    made = session.make_session(read_model(models["digits"]), models["digits"], CUDA, 1)
    assert made.get_providers() == [CPU]
    cuda, settings = attempts[0][0]
    assert cuda == CUDA
    assert settings == {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
    assert not made._enable_fallback, "a failing run must raise"
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_no_provider_accepts_is_refused(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_model(models["digits"])
    model.graph.node[0].op_type = "Softplus"  # takes one input, not two
    for provider in (CPU, CUDA):
        with pytest.raises(ModelRefused, match="onnxruntime refuses its graph"):
            session.make_session(model, models["digits"], provider, 1)
