"""The conclusions that follow from facts about a machine."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import replace
from types import ModuleType

import onnxruntime
import pytest

from export.runtime.providers import CPU, CUDA, Facts, explain, look

GPU = Facts(
    system="linux", machine="x86_64", packages={"onnxruntime-gpu": "1.31.1"}, version="1.31.1",
    providers=(CUDA, CPU), visible_devices=None, driver="13.0", driver_error=0, gpus=("a GPU",), needs_cuda="13.0",
    missing="",
)  # fmt: skip
MISSING = "libcublasLt.so.13: cannot open shared object file: No such file or directory"
"""The loader's message if onnxruntime-gpu was installed without its CUDA libraries."""


def test_cuda_runs_if_nothing_is_missing() -> None:
    finding = explain(GPU)
    assert finding.runs
    assert finding.sentence == ""
    assert explain(replace(GPU, visible_devices="0", driver="13.2")).runs


@pytest.mark.parametrize(
    ("change", "reason", "fix", "broken"),
    [
        (
            {"packages": {"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.1"}},
            "installed in one environment and break each other", "pip uninstall onnxruntime onnxruntime-gpu", True,
        ),
        ({"providers": (CPU,)}, "There is an NVIDIA GPU, but the installed onnxruntime is for CPUs", "[gpu]", False),
        ({"providers": (CPU,), "gpus": (), "driver": ""}, "no usable NVIDIA GPU", "", False),
        ({"providers": (CPU,), "system": "darwin"}, "exists for Linux on x86-64 and for Windows", "", False),
        ({"providers": (CPU,), "machine": "aarch64"}, "exists for Linux on x86-64 and for Windows", "", False),
        ({"visible_devices": ""}, "CUDA_VISIBLE_DEVICES hides every GPU", "unset", False),
        ({"visible_devices": "-1"}, "CUDA_VISIBLE_DEVICES hides every GPU", "unset", False),
        ({"providers": (), "version": ""}, "onnxruntime is missing in this environment", '".[cpu]"` or', True),
        ({"gpus": (), "visible_devices": "7"}, "CUDA_VISIBLE_DEVICES is '7', which names no GPU", "unset", False),
        ({"driver": "", "gpus": ()}, "There is no NVIDIA driver", "install the driver", False),
        ({"driver_error": 100, "gpus": ()}, "The NVIDIA driver shows no GPU", "nvidia-smi", False),
        ({"driver_error": 803, "gpus": ()}, "driver does not start (CUDA error 803)", "restart", True),
        ({"driver": "12.8"}, "supports CUDA 12.8, and this onnxruntime needs 13.0", "newer driver", True),
        ({"missing": MISSING}, "cannot use CUDA: libcublasLt.so.13 is missing", "[gpu]", True),
        ({"missing": "libcudnn.so.9: undefined symbol: x"}, "does not load (libcudnn.so.9: undefined", "[gpu]", True),
        ({"missing": "something odd"}, "does not load (something odd)", "[gpu]", True),
    ],
)  # fmt: skip
def test_every_obstacle_has_a_reason_and_a_fix(change: dict[str, object], reason: str, fix: str, broken: bool) -> None:
    finding = explain(replace(GPU, **change))  # type: ignore[arg-type]
    assert not finding.runs
    assert reason in finding.reason
    assert fix in finding.fix
    assert finding.broken == broken
    assert "\n" not in finding.sentence


def test_the_facts_are_those_of_this_environment() -> None:
    facts = look()
    assert facts.providers == tuple(onnxruntime.get_available_providers())
    assert facts.version == onnxruntime.__version__
    assert facts.version in facts.packages.values()


@pytest.mark.parametrize("left", [None, ModuleType("onnxruntime")])
def test_a_missing_or_incomplete_onnxruntime_is_reported(
    monkeypatch: pytest.MonkeyPatch, left: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", left)  # None: it cannot be imported
    facts = look()
    assert (facts.version, facts.providers, facts.missing) == ("", (), "")
    assert explain(facts).broken


class Driver:
    """The functions of NVIDIA's driver that are called."""

    def __init__(self, started: int = 0) -> None:
        self.cuInit = lambda flags: started

    @staticmethod
    def cuDriverGetVersion(version: object) -> int:  # noqa: N802
        version._obj.value = 12_080  # type: ignore[attr-defined]
        return 0

    @staticmethod
    def cuDeviceGetCount(count: object) -> int:  # noqa: N802
        count._obj.value = 2  # type: ignore[attr-defined]
        return 0

    @staticmethod
    def cuDeviceGetName(name: object, size: int, gpu: int) -> int:  # noqa: N802
        name.value = f"GPU {gpu}".encode()  # type: ignore[attr-defined]
        return 0


def test_the_driver_is_queried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    assert (look().driver, look().driver_error, look().gpus) == ("12.8", 0, ("GPU 0", "GPU 1"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver(started=803))
    assert (look().driver, look().driver_error, look().gpus) == ("12.8", 803, ())

    def absent(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert (look().driver, look().driver_error, look().gpus) == ("", 0, ())


@pytest.mark.parametrize("absent", ["providers_cuda", "cudnn"])
def test_a_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    said = "libx.so.1: cannot open shared object file: No such file or directory"

    def load(name: str, mode: int = 0) -> object:
        if absent in name:
            raise OSError(said)
        return Driver()

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    assert look().missing == said
