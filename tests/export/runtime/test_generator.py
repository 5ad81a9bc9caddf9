from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.runtime import generator as generators
from export.runtime import session
from export.runtime.batches import BUCKETS
from export.runtime.generator import find_model, open_generator
from export.runtime.providers import CPU, CUDA, look


def test_a_generator_returns_what_the_contract_promises(models: dict[str, Path], rng: np.random.Generator) -> None:
    for name, channels in (("digits", 1), ("colour", 3), ("free", 1)):
        generator = open_generator(models[name])
        info = generator.info
        assert generator.provider == "CPUExecutionProvider"
        for batch in (1, 5):
            z = rng.standard_normal((batch, info.latent_size)).astype(np.float32)
            y = np.eye(len(info.classes), dtype=np.float32)[[0] * batch] if info.conditional else None
            image, pixels = generator.generate(z, y), generator.generate_pixels(z, y)
            assert image.shape == (batch, channels, info.height, info.width)
            shown = image[:, 0] if channels == 1 else image.transpose(0, 2, 3, 1)
            np.testing.assert_allclose(pixels, (shown + 1) * 127.5, atol=0.51)


@pytest.mark.parametrize(
    ("z", "y"),
    [
        (np.zeros((2, 5), np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6)), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((1, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((2, 10), np.int64)),
        (np.full((2, 6), np.nan, np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), None),
        (np.zeros((2, 6), np.float32), np.full((2, 10), np.inf, np.float32)),
        (np.array(0, np.float32), np.zeros((2, 10), np.float32)),
    ],
)
def test_wrong_arguments_are_refused_before_the_call(models: dict[str, Path], z: object, y: object) -> None:
    generator = open_generator(models["digits"])
    with pytest.raises(ValueError, match=r"must be float32|not finite|takes z, y"):
        generator.generate_pixels(z, y)  # type: ignore[arg-type]


def test_missing_cuda_is_an_error_only_if_it_was_requested(models: dict[str, Path]) -> None:
    # The tests hide every GPU, so CUDA cannot run whatever is installed.
    generator = open_generator(models["digits"], provider="auto")
    assert (generator.provider, generator.notice) == ("CPUExecutionProvider", "")
    with pytest.raises(ExportError, match=r"CUDA was requested, but it cannot run\. "):
        open_generator(models["digits"], provider="cuda")


class OnGpu:
    """A session that claims to run on CUDA and can fail."""

    def __init__(self, session: Any, failure: str = "") -> None:
        self.session, self.failure = session, failure

    @staticmethod
    def get_providers() -> list[str]:
        return [CUDA, CPU]

    def run(self, names: list[str], feeds: dict[str, Any]) -> Any:
        if self.failure:
            raise RuntimeError(self.failure)
        return self.session.run(names, feeds)


def gpu(monkeypatch: pytest.MonkeyPatch, failure: str = "", starts: bool = True) -> None:
    """Pretend that nothing is missing that CUDA needs."""
    there = replace(look(), packages={}, providers=(CUDA, CPU), visible_devices=None, driver="13.0", driver_error=0)
    monkeypatch.setattr(generators, "look", lambda: replace(there, gpus=("a GPU",), needs_cuda="", missing=""))
    make = session.make_session

    def made(model: Any, path: Path, provider: str, threads: int) -> Any:
        session = make(model, path, CPU, threads)
        return OnGpu(session, failure) if provider == CUDA and starts else session

    monkeypatch.setattr(generators, "make_session", made)


@pytest.mark.parametrize("provider", ["auto", "cuda"])
def test_cuda_is_used_if_it_runs(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    gpu(monkeypatch)
    generator = open_generator(models["free"], provider)
    assert (generator.provider, generator.sizes, generator.notice) == (CUDA, BUCKETS, "")
    assert open_generator(models["free"], "cpu").provider == CPU


@pytest.mark.parametrize(
    ("failure", "starts", "said"),
    [
        ("CUDA failure 2: out of memory", True, "There is not enough memory to run"),
        ("CUDNN_STATUS_EXECUTION_FAILED", True, "CUDA failed while it ran"),
        ("", False, "could not start CUDA, although everything is installed"),
    ],
)
def test_the_cpu_runs_if_cuda_fails_and_a_notice_says_why(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, failure: str, starts: bool, said: str
) -> None:
    gpu(monkeypatch, failure, starts)
    generator = open_generator(models["free"])
    assert (generator.provider, generator.sizes) == (CPU, ())
    assert said in generator.notice
    assert generator.notice.endswith(" The CPU is used instead.")
    assert len(generator.generate_pixels(np.zeros((3, 6), np.float32))) == 3
    with pytest.raises(ExportError, match=f"CUDA was requested, but it cannot run. .*{said}"):
        open_generator(models["free"], "cuda")


def test_find_model(trained_run: Path, tmp_path: Path) -> None:
    assert find_model(trained_run) == trained_run / "generator.onnx"
    with pytest.raises(ExportError, match="There is no file"):
        find_model(tmp_path / "absent.onnx")
    with pytest.raises(ExportError, match="not a run directory"):
        find_model(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(ExportError, match=r"python -m export\.onnx"):
        find_model(tmp_path)
