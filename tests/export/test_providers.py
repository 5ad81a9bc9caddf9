"""Every reason why CUDA does not run, told from facts."""

from __future__ import annotations

from dataclasses import replace

import onnxruntime
import pytest

from export.providers import CPU, CUDA, Facts, explain, look

GPU = Facts(
    system="linux", machine="x86_64", packages={"onnxruntime-gpu": "1.31.1"}, providers=(CUDA, CPU),
    visible_devices=None, driver="13.0", devices=1, needs_cuda="13.0", missing="",
)  # fmt: skip
MISSING = "libcublasLt.so.13: cannot open shared object file: No such file or directory"
"""As the loader says it where onnxruntime-gpu was installed without its CUDA libraries."""


def test_where_everything_is_there_it_runs() -> None:
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
        ({"providers": (CPU,), "devices": 0, "driver": ""}, "no NVIDIA GPU that can be used", "", False),
        ({"providers": (CPU,), "system": "darwin"}, "exists for Linux on x86-64 and for Windows", "", False),
        ({"providers": (CPU,), "machine": "aarch64"}, "exists for Linux on x86-64 and for Windows", "", False),
        ({"visible_devices": ""}, "CUDA_VISIBLE_DEVICES hides every GPU", "unset", False),
        ({"visible_devices": "-1"}, "CUDA_VISIBLE_DEVICES hides every GPU", "unset", False),
        ({"driver": "", "devices": 0}, "There is no NVIDIA driver", "install the driver", False),
        ({"devices": 0}, "The NVIDIA driver shows no GPU", "nvidia-smi", True),
        ({"driver": "12.8"}, "supports CUDA 12.8, and this onnxruntime needs 13.0", "newer driver", True),
        ({"missing": MISSING}, "The library libcublasLt.so.13 is missing", "[gpu]", True),
        ({"missing": "something odd"}, "does not load (something odd)", "[gpu]", True),
    ],
)  # fmt: skip
def test_every_reason_has_a_sentence_and_a_fix(change: dict[str, object], reason: str, fix: str, broken: bool) -> None:
    finding = explain(replace(GPU, **change))  # type: ignore[arg-type]
    assert not finding.runs
    assert reason in finding.reason
    assert fix in finding.fix
    assert finding.broken == broken
    assert "\n" not in finding.sentence


def test_the_facts_are_those_of_this_environment() -> None:
    facts = look()
    assert facts.providers == tuple(onnxruntime.get_available_providers())
    assert onnxruntime.__version__ in facts.packages.values()
    assert bool(facts.devices) <= bool(facts.driver)
