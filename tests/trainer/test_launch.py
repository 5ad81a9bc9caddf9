"""Launches of several processes: one training over real gloo processes, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from safetensors.torch import load_file

Run = Callable[..., "CompletedProcess[str]"]
SHORT = (
    "--dataset",
    "sklearn-digits",
    "--images",
    "768",
    "--checkpoint-every",
    "384",
    "--g-width",
    "8",
    "--d-width",
    "8",
)


@pytest.fixture
def two_processes(run: Run, launch_command: tuple[str, ...]) -> Callable[..., CompletedProcess[str]]:
    def launch(*arguments: str) -> CompletedProcess[str]:
        return run(
            *launch_command, "--multi_gpu", "--num_processes", "2", "--main_process_port", "0", "trainer/train.py",
            *SHORT, *arguments, ACCELERATE_USE_CPU="true",
        )  # fmt: skip

    return launch


def test_two_processes_train_as_one_and_resume_exactly(two_processes: Run, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    done = two_processes("--run-dir", str(whole))
    assert done.returncode == 0, done.stderr
    assert "2 x cpu" in done.stdout
    assert done.stdout.count("Trained on 768 images") == 1
    two_processes("--run-dir", str(parts), "--images", "384").check_returncode()
    resumed = two_processes("--run-dir", str(parts))
    assert "Resuming after 384 images" in resumed.stdout
    mine, theirs = (load_file(run_dir / "generator.safetensors") for run_dir in (whole, parts))
    assert all(mine[key].equal(theirs[key]) for key in mine)
    lines = (whole / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["images"] for line in lines] == [384, 768]


REPLICAS = """
import sys; sys.path[0] = {project!r}
from accelerate.utils import gather_object
from trainer import launch
from trainer.data import sources
from trainer.data.images import ImageStore
from trainer.loop import build
from trainer.step import step
from trainer.presets import configure

config = configure("quickstart", {{"g_width": 8, "d_width": 8, "penalty_every": 2}})
accelerator = launch.start(config)
source = sources.load("sklearn-digits", None)
store = ImageStore(source, accelerator.device, config.batch_size, 0, True)
networks = build(config, source.format, accelerator)
for number in range(4):
    step(networks, store, config, accelerator, number * config.batch_size)
weights = [w for m in (networks.plain_generator, networks.plain_discriminator) for w in m.parameters()]
sums = gather_object([[w.double().sum().item() for w in weights]])
half = config.batch_size // 2
rows = slice(accelerator.process_index * half, accelerator.process_index * half + half)
batches = gather_object([store.batch_at(0, rows)[0].sum().item()])
if accelerator.is_main_process:
    print("replicas agree:", sums[0] == sums[1], "batches differ:", batches[0] != batches[1])
accelerator.end_training()
"""


def test_gradients_are_averaged_so_that_replicas_stay_equal(
    run: Run, launch_command: tuple[str, ...], tmp_path: Path, project: Path
) -> None:
    script = tmp_path / "replicas.py"
    script.write_text(REPLICAS.format(project=str(project)))
    done = run(
        *launch_command,
        "--multi_gpu",
        "--num_processes",
        "2",
        "--main_process_port",
        "0",
        script,
        ACCELERATE_USE_CPU="true",
    )
    assert "replicas agree: True batches differ: True" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (("--num_processes", "2"), {}),
        (("--multi_gpu", "--num_processes", "2", "--main_process_port", "0"), {"ACCELERATE_USE_CPU": "false"}),
    ],
    ids=["one process", "two strangers"],
)
def test_launches_that_would_not_train_as_one_are_refused(
    run: Run, launch_command: tuple[str, ...], tmp_path: Path, flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    done = run(
        *launch_command, *flags, "trainer/train.py", *SHORT, "--run-dir", tmp_path / "r",         **environment,
    )  # fmt: skip
    assert done.returncode != 0
    assert "error:" in done.stderr
    assert "--multi_gpu" in done.stderr or "ACCELERATE_USE_CPU=true" in done.stderr
    assert not (tmp_path / "r").exists()


def test_an_uneven_batch_is_refused(two_processes: Run, tmp_path: Path) -> None:
    done = two_processes("--batch-size", "65", "--run-dir", str(tmp_path / "r"))
    assert done.returncode != 0
    assert "must be a multiple of 2 (2 processes" in done.stderr
