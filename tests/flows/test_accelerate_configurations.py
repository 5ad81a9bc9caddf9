"""Configuration files of Accelerate, as its own launcher reads them: each is honoured, or refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import LAUNCH, run

LAUNCHER = LAUNCH[:2]
FLAGS = (
    "trainer/train.py", "--dataset", "sklearn-digits", "--images", "32", "--batch-size", "16", "--g-width", "8",
    "--d-width", "8", "--run-dir",
)  # fmt: skip
MACHINE = {"compute_environment": "LOCAL_MACHINE", "machine_rank": 0, "num_machines": 1, "use_cpu": True}
ONE = {"distributed_type": "NO", "num_processes": 1, "mixed_precision": "no"}
REFUSED = {
    "inductor": (
        ONE | {"dynamo_config": {"dynamo_backend": "INDUCTOR"}},
        "Accelerate's --dynamo_backend inductor is not",
    ),
    "fp16": (ONE | {"mixed_precision": "fp16"}, "Mixed precision 'fp16' is not supported"),
    "two processes": (ONE | {"num_processes": 2}, "Several processes were requested, but only one was started"),
    "several CPUs": (
        ONE | {"distributed_type": "MULTI_CPU", "num_processes": 2},
        "Several processes were requested, but only one was started",
    ),
    "fsdp": (
        ONE | {"distributed_type": "FSDP", "num_processes": 2, "main_process_port": 0, "fsdp_config": {}},
        "Accelerate's configuration uses FSDP",
    ),
    "megatron": (
        ONE | {"distributed_type": "MEGATRON_LM", "main_process_port": 0, "megatron_lm_config": {}},
        "Accelerate's configuration uses Megatron-LM",
    ),
}


def test_the_default_configuration_trains_even_with_empty_variables(tmp_path: Path) -> None:
    file, run_dir = tmp_path / "default.yaml", tmp_path / "r"
    made = run("-m", "accelerate.commands.accelerate_cli", "config", "default", "--config_file", file)
    assert file.is_file(), made.stderr
    done = run(*LAUNCHER, "--config_file", file, *FLAGS, run_dir, WORLD_SIZE="", RANK="", LOCAL_RANK="")
    assert done.returncode == 0, done.stderr
    assert "Trained on 32 images." in done.stdout


@pytest.mark.parametrize(
    "name", [name if name == "inductor" else pytest.param(name, marks=pytest.mark.slow) for name in REFUSED]
)
def test_what_is_not_supported_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    configuration, sentence = REFUSED[name]
    file, run_dir = tmp_path / "accelerate.json", tmp_path / "r"
    file.write_text(json.dumps(MACHINE | configuration))
    done = run(*LAUNCHER, "--quiet", "--config_file", file, *FLAGS, run_dir)
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1, done.stderr
    assert f"error: {sentence}" in done.stderr
    assert not run_dir.exists()


def test_a_mistyped_flag_of_two_processes_is_one_sentence(tmp_path: Path) -> None:
    two = ("--multi_gpu", "--num_processes", "2", "--main_process_port", "0")
    done = run(*LAUNCH, *two, *FLAGS, tmp_path / "r", "--imagez", "3", ACCELERATE_USE_CPU="true")
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1, done.stderr
    assert "error: There is no flag '--imagez': did you mean --images?\n" in done.stderr
