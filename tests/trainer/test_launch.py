"""Launches of several processes: they train as one, and end together whatever happens to one of them."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.support.commands import Run
from tests.support.forks import Fork, start_ranks, wait_for
from tests.support.ranks import compute
from trainer import checkpoints, launch
from trainer.data import datasets
from trainer.schedulers import SCHEDULERS
from trainer.train import LOST_ANOTHER, main

TWO = ("--quiet", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0")
SMALL = (
    "--dataset", "sklearn-digits", "--g-width", "8", "--d-width", "8", "--batch-size", "48", "--accumulation", "2",
    "--augment", "shift:0.1,noise:0.1", "--augment-target", "0.6", "--images", "4800", "--checkpoint-every", "960",
    "--log-every", "1e6",
)  # fmt: skip


@pytest.fixture(scope="module")
def two_processes(run: Run, launch_command: tuple[str, ...]) -> Run:
    def launch(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
        return run(*launch_command, *TWO, *arguments, ACCELERATE_USE_CPU="true", **environment)

    return launch


@pytest.fixture(scope="module")
def whole(two_processes: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that was not disturbed."""
    run_dir = tmp_path_factory.mktemp("launch") / "whole"
    done = two_processes("trainer/train.py", *SMALL, "--run-dir", run_dir)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "2 x cpu" in done.stdout
    assert done.stdout.count("Trained on 4,800 images") == 1
    return run_dir


@pytest.fixture
def disturbed(launch_command: tuple[str, ...], project: Path) -> Callable[..., tuple[int, str]]:
    """`disturbed(deed, rank, run_dir, *flags)`: call `deed` with a rank's process ID after a checkpoint.

    Returns the exit status and the output.
    """

    def disturbed(deed: Callable[[int], None], rank: int | None, run_dir: Path, *flags: str) -> tuple[int, str]:
        command = [sys.executable, *launch_command, *TWO, *flags, "trainer/train.py", *SMALL, "--run-dir", str(run_dir)]
        before = set((run_dir / "checkpoints").glob("0*"))
        with subprocess.Popen(
            command, cwd=project, env=os.environ | {"ACCELERATE_USE_CPU": "true"}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as launcher:  # fmt: skip
            while launcher.poll() is None and set((run_dir / "checkpoints").glob("0*")) <= before:
                time.sleep(0.005)
            ranks = {child.environ().get("RANK"): child.pid for child in psutil.Process(launcher.pid).children()}
            deed(launcher.pid if rank is None else ranks[str(rank)])
            output, _ = launcher.communicate(timeout=120)
            return launcher.returncode, output

    return disturbed


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def train_on_two(run_dir: Path, *flags: str) -> tuple[list[int], str]:
    """Train on two connected processes without a launcher; return their exit statuses and outputs."""
    return wait_for(start_ranks(run_dir.with_suffix(".txt"), main, [*SMALL, *flags, "--run-dir", str(run_dir)]))


def state(run_dir: Path) -> dict[str, Tensor]:
    newest = max((run_dir / "checkpoints").glob("0*"))
    return load_file(newest / "state.safetensors") | load_file(run_dir / "generator.safetensors")


def same(first: Path, second: Path) -> bool:
    mine, theirs = state(first), state(second)
    return mine.keys() == theirs.keys() and all(mine[key].equal(theirs[key]) for key in mine)


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Tensor]]:
    """The results of tests/support/ranks.py on one process and on two."""
    folder = tmp_path_factory.mktemp("ranks")
    alone = Fork(folder / "one.txt", compute, folder / "one")
    together = start_ranks(folder / "two.txt", compute, folder / "two")
    for statuses, output in (wait_for([alone]), wait_for(together)):
        assert not any(statuses), output
    return [load_file(folder / name) for name in ("one", "two")]


def test_the_gradients_of_a_batch_do_not_depend_on_the_number_of_processes(ranks: list[dict[str, Tensor]]) -> None:
    one, two = ({name: tensor for name, tensor in found.items() if "/" in name} for found in ranks)
    assert one.keys() == two.keys()
    far = {name: distance for name in one if not (distance := (one[name] - two[name]).abs().max().item()) < 1e-6}
    assert far == {}
    assert all(gradient.any() for name, gradient in one.items() if name.endswith("weight"))


def test_each_image_of_an_epoch_goes_to_one_rank_once(ranks: list[dict[str, Tensor]]) -> None:
    for found, world in zip(ranks, (1, 2), strict=True):
        by_rank = found["images"]
        assert by_rank.shape == (world, 2, 64 // world)
        for epoch in by_rank.unbind(1):
            assert epoch.flatten().sort().values.tolist() == list(range(64))


def test_no_two_images_share_their_latents_over_ranks_and_steps(ranks: list[dict[str, Tensor]]) -> None:
    one, two = (found["latents"].flatten(end_dim=-2) for found in ranks)
    assert len(two.unique(dim=0)) == len(two) == 2 * 8 * 16, "two uses in each of eight steps of 16 images"
    assert one.unique(dim=0).equal(two.unique(dim=0))


def test_replicas_stay_equal(ranks: list[dict[str, Tensor]]) -> None:
    first, second = ranks[1]["replicas"]
    assert first.equal(second)
    assert not torch.equal(first, ranks[0]["replicas"][0]), "BatchNorm takes each process's share"


def test_a_killed_rank_ends_the_launch_and_costs_nothing(
    disturbed: Callable[..., tuple[int, str]], whole: Path, tmp_path: Path
) -> None:
    status, output = disturbed(kill, 1, tmp_path / "r")
    assert status != 0
    assert output.count("error: Another process of this launch has ended") <= 1  # its launcher may be faster
    assert "[rank0]" not in output, output
    assert "Trained on" not in output
    statuses, again = train_on_two(tmp_path / "r")
    assert statuses == [0, 0], again
    assert "Resuming after" in again
    assert "Not bit for bit" not in again
    assert same(tmp_path / "r", whole)


@pytest.mark.slow
def test_sessions_and_the_launchers_restarts_end_as_one_run(
    disturbed: Callable[..., tuple[int, str]], two_processes: Run, whole: Path, tmp_path: Path
) -> None:
    two_processes("trainer/train.py", *SMALL, "--run-dir", tmp_path / "r", "--images", "1001").check_returncode()
    status, output = disturbed(kill, 0, tmp_path / "r", "--max_restarts", "2")
    assert status == 0, output
    assert "Resuming after 1,008 images." in output
    assert output.count("Resuming after") == 2, output
    assert output.count("failed (exitcode") == 1, f"one restart is enough: {output}"
    assert same(tmp_path / "r", whole)


@pytest.mark.slow
def test_a_launcher_that_gets_sigterm_lets_its_ranks_save(
    disturbed: Callable[..., tuple[int, str]], two_processes: Run, whole: Path, tmp_path: Path
) -> None:
    _, output = disturbed(lambda pid: os.kill(pid, signal.SIGTERM), None, tmp_path / "r")
    assert output.count("checkpoint saved. Give the same command again to resume.") == 1, output
    two_processes("trainer/train.py", *SMALL, "--run-dir", tmp_path / "r").check_returncode()
    assert same(tmp_path / "r", whole)


def test_another_number_of_processes_may_resume_and_says_what_that_costs(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "r"
    shutil.copytree(whole, run_dir)
    assert main([*SMALL, "--images", "4848", "--run-dir", str(run_dir)]) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Resuming after 4,800 images. Not bit for bit: processes changed from 2 to 1" in said
    notes = [json.loads(line).get("note", "") for line in (run_dir / "log.jsonl").read_text().splitlines()]
    assert sum("processes changed from 2 to 1" in note for note in notes) == 1


def fill_the_disk(pid: int) -> None:
    """Limit the size of files, which makes writing fail in the same place as a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_full_disk_ends_all_ranks_with_one_sentence(tmp_path: Path) -> None:
    ranks = start_ranks(tmp_path / "r.txt", main, [*SMALL, "--run-dir", str(tmp_path / "r")])
    while ranks[0].running and not list((tmp_path / "r" / "checkpoints").glob("0*")):
        time.sleep(0.005)
    fill_the_disk(ranks[0].pid)
    statuses, output = wait_for(ranks)
    assert statuses == [2, 2]
    assert output.count("error: ") == 1, output
    assert re.search(r"error: .*could not be written: file too large\.", output)
    assert "Traceback" not in output, output
    newest, damaged = checkpoints.load_newest(tmp_path / "r" / "checkpoints")
    assert newest is not None
    assert not damaged
    assert not list((tmp_path / "r").rglob(".*")), "nothing half-written stays"


def test_divergence_on_two_processes_is_one_sentence(tmp_path: Path) -> None:
    statuses, output = train_on_two(tmp_path / "r", "--gamma", "0,1e39@960", "--penalty-every", "1")
    assert statuses == [2, 2]
    assert output.count("error: ") == output.count("training has diverged") == 1, output
    assert [path.name for path in (tmp_path / "r" / "checkpoints").iterdir()] == ["000000000960"]
    newest, _ = checkpoints.load_newest(tmp_path / "r" / "checkpoints")
    assert newest is not None
    assert all(tensor.isfinite().all() for tensor in newest.tensors.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_stopped_training_ends_with_the_status_that_its_scheduler_knows(
    tmp_path: Path, number: signal.Signals
) -> None:
    arguments = [*SMALL, "--images", "1000000", "--stopped-status", "75", "--run-dir", str(tmp_path / "r")]
    ranks = start_ranks(tmp_path / "r.txt", main, arguments)
    while ranks[0].running and not list((tmp_path / "r" / "checkpoints").glob("*")):  # also half-written
        time.sleep(0.002)
    for _ in range(2):
        for rank in ranks:
            os.kill(rank.pid, number)
    statuses, output = wait_for(ranks)
    assert statuses == [75, 75], output
    assert output.count("checkpoint saved. Give the same command again to resume.") == 1
    assert not checkpoints.load_newest(tmp_path / "r" / "checkpoints")[1]


@pytest.mark.slow
def test_a_process_that_freezes_is_given_up_and_costs_nothing(tmp_path: Path, whole: Path) -> None:
    arguments = [*SMALL, "--process-timeout", "3", "--run-dir", str(tmp_path / "r")]
    ranks = start_ranks(tmp_path / "r.txt", main, arguments)
    while ranks[0].running and not list((tmp_path / "r" / "checkpoints").glob("0*")):
        time.sleep(0.005)
    os.kill(ranks[1].pid, signal.SIGSTOP)
    status, output = ranks[0].wait(60)
    os.kill(ranks[1].pid, signal.SIGKILL)
    assert status == LOST_ANOTHER
    assert output.count("error: Another process of this launch has ended or no longer answers.") == 1, output
    assert train_on_two(tmp_path / "r")[0] == [0, 0]
    assert same(tmp_path / "r", whole)


def test_a_port_that_is_used_is_named(tmp_path: Path) -> None:
    with socket.socket() as used:
        used.bind(("", 0))
        used.listen()
        port = str(used.getsockname()[1])
        variables = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        status, output = Fork(tmp_path / "r.txt", main, [*SMALL, "--run-dir", str(tmp_path / "r")], **variables).wait()
    assert status == 2
    assert f"error: Port {port} is used by another program: choose another one with MASTER_PORT" in output
    assert not (tmp_path / "r").exists()


def with_other_code(arguments: list[str]) -> int:
    """Train as a process whose files differ from those of the first."""
    if os.environ["RANK"] == "1":
        launch.code_sha256 = lambda: "f00d" * 16
    return main(arguments)


def with_other_images(arguments: list[str]) -> int:
    """Train as a process whose images differ from those of the first."""
    if os.environ["RANK"] == "1":
        load = datasets.load
        datasets.load = lambda *given, **settings: replace(load(*given, **settings), known_sha256="f00d" * 16)
    return main(arguments)


@pytest.mark.parametrize(
    ("function", "what"), [(with_other_code, "versions of the code"), (with_other_images, "training images")]
)
def test_processes_with_other_code_or_images_are_refused_by_their_hash(
    tmp_path: Path, function: Callable[[list[str]], int], what: str
) -> None:
    arguments = [*SMALL, "--run-dir", str(tmp_path / "r")]
    statuses, output = wait_for(start_ranks(tmp_path / "r.txt", function, arguments))
    assert statuses == [2, 2]
    own = launch.code_sha256() if function is with_other_code else datasets.load("sklearn-digits", None).sha256
    assert re.search(rf"different {what}.* \(SHA-256 {own[:12]} on .+, f00df00df00d on ", output), output
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (("--num_processes", "2"), {}),
        (("--multi_gpu", "--num_processes", "2", "--main_process_port", "0"), {"ACCELERATE_USE_CPU": "false"}),
    ],
    ids=["one process", "two unconnected processes"],
)
def test_launches_that_would_not_train_as_one_are_refused(
    run: Run, launch_command: tuple[str, ...], tmp_path: Path, flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    done = run(*launch_command, *flags, "trainer/train.py", *SMALL, "--run-dir", tmp_path / "r", **environment)
    assert done.returncode != 0
    assert "error:" in done.stderr
    assert "--multi_gpu" in done.stderr or "ACCELERATE_USE_CPU=true" in done.stderr
    assert not (tmp_path / "r").exists()


def test_an_uneven_batch_is_refused(tmp_path: Path) -> None:
    statuses, output = train_on_two(tmp_path / "r", "--batch-size", "66")
    assert statuses == [2, 2]
    assert "must be a multiple of 4 (2 processes" in output
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("variable", SCHEDULERS)
def test_separate_tasks_of_a_scheduler_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, "2")
    assert main([*SMALL, "--run-dir", str(tmp_path / "r")]) == 2
    assert "started 2 processes, but they are not connected" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ACCELERATE_DYNAMO_BACKEND": "INDUCTOR"}, "--dynamo_backend inductor is not supported"),
        ({"ACCELERATE_USE_FSDP": "true"}, "uses FSDP"),
        ({"ACCELERATE_USE_DEEPSPEED": "1"}, "uses DeepSpeed"),
        ({"ACCELERATE_USE_MEGATRON_LM": "true"}, "uses Megatron-LM"),
        ({"ACCELERATE_USE_PARALLELISM_CONFIG": "true"}, "uses a parallelism configuration"),
        ({"ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4"}, "use the trainer's --accumulation"),
        ({"ACCELERATE_MIXED_PRECISION": "fp16"}, "'fp16' is not supported"),
        ({"ACCELERATE_MIXED_PRECISION": "fp8"}, "'fp8' is not supported"),
        ({"ACCELERATE_TORCH_DEVICE": "nonsense"}, "ACCELERATE_TORCH_DEVICE does not name a device"),
        ({"ACCELERATE_TORCH_DEVICE": "cuda:9"}, "The device cuda:9 cannot be used"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE=two is not a number of processes"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "without LOCAL_RANK, MASTER_ADDR, MASTER_PORT"),
        ({"WORLD_SIZE": "", "ACCELERATE_USE_CPU": "", "RANK": "", "PMI_SIZE": "2"}, "would train separately"),
    ],
)
def test_configurations_that_are_not_honoured_are_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    variables: dict[str, str],
    sentence: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main([*SMALL, "--run-dir", str(tmp_path / "r")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_waiting_for_another_machine_is_said_and_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "from trainer import launch; from trainer.train import main; "
        f"launch.SECONDS_BEFORE_WAITING_IS_SAID = 0.5; main(['--run-dir', {str(tmp_path / 'r')!r}])"
    )
    variables = {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29"}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | variables | {"ACCELERATE_USE_CPU": "true"},
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if "Waiting for the other processes of this launch (2 in all) at 127.0.0.1:29." in line:
                break
        process.send_signal(number)
        process.communicate(timeout=10)
    assert process.returncode == -number
