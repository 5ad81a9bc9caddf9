"""Training over two hosts: two network namespaces joined by a cable, one process in each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

FLAGS = (
    "trainer/train.py", "--dataset", "sklearn-digits", "--g-width", "8", "--d-width", "8", "--batch-size", "48",
    "--accumulation", "2", "--threads", "1", "--checkpoint-every", "960",
)  # fmt: skip
Start = Callable[..., "subprocess.Popen[str]"]


def ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True)


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """The names of two hosts, 10.93.0.1 and 10.93.0.2, that see each other and nothing else."""
    if not shutil.which("ip"):
        pytest.skip("needs the command ip: apt install iproute2")
    hosts = f"digits{os.getpid()}a", f"digits{os.getpid()}b"
    try:
        for host in hosts:
            ip(f"netns add {host}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces are not permitted here: {error.stderr.strip()}")
    try:
        ip(f"link add cable netns {hosts[0]} type veth peer name cable netns {hosts[1]}")
        for number, host in enumerate(hosts, 1):
            ip(f"-n {host} addr add 10.93.0.{number}/24 dev cable")
            ip(f"-n {host} link set cable up")
            ip(f"-n {host} link set lo up")
        yield hosts
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "del", host], check=False, capture_output=True)


@pytest.fixture
def start(cable: tuple[str, str], launch_command: tuple[str, ...], project: Path) -> Start:
    """`start(rank, run_dir, images, *flags)`: the launch of one host."""

    def start(rank: int, run_dir: Path, images: int, *flags: str) -> subprocess.Popen[str]:
        command = [
            "ip", "netns", "exec", cable[rank], sys.executable, *launch_command, "--quiet", "--multi_gpu",
            "--num_machines", "2", "--num_processes", "2", "--machine_rank", str(rank), "--main_process_ip",
            "10.93.0.1", "--main_process_port", "29511", *FLAGS, "--run-dir", str(run_dir), "--images", str(images),
            *flags,
        ]  # fmt: skip
        environment = os.environ | {"ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "cable"}
        return subprocess.Popen(
            command, cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    return start


def ends(*launches: subprocess.Popen[str]) -> list[tuple[int, str]]:
    """Exit status and output of each."""
    outputs = [launch.communicate(timeout=120)[0] for launch in launches]
    return [(launch.returncode, output) for launch, output in zip(launches, outputs, strict=True)]


def test_two_hosts_train_as_two_processes_of_one(
    start: Start, launch_command: tuple[str, ...], project: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    for images in (1_000, 1_920):
        (status, output), (other_status, other_output) = ends(*(start(rank, shared, images) for rank in (0, 1)))
        assert (status, other_status) == (0, 0), output + other_output
        assert "2 x cpu" in output
    assert "Resuming after 1,008 images." in output
    subprocess.run(
        [sys.executable, *launch_command, "--multi_gpu", "--num_processes", "2", "--main_process_port", "0", *FLAGS,
         "--run-dir", str(tmp_path / "one"), "--images", "1920"],
        cwd=project, env=os.environ | {"ACCELERATE_USE_CPU": "true"}, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    for name in ("generator.safetensors", "checkpoints/000000001920/state.safetensors"):
        over_hosts, on_one = load_file(shared / name), load_file(tmp_path / "one" / name)
        assert [key for key in on_one if not on_one[key].equal(over_hosts[key])] == []


def test_hosts_that_do_not_share_their_run_are_refused(start: Start, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    ends(*(start(rank, folder, 480) for rank, folder in enumerate(folders)))
    ended = ends(*(start(rank, folder, 960) for rank, folder in enumerate(folders)))
    assert all(status != 0 for status, _ in ended)
    assert "The processes have different checkpoints in" in ended[0][1]


def test_hosts_with_other_settings_are_refused(start: Start, tmp_path: Path) -> None:
    ended = ends(start(0, tmp_path / "r", 480), start(1, tmp_path / "r", 480, "--g-lr", "1e-3"))
    assert all(status != 0 for status, _ in ended)
    assert "The processes have different settings" in ended[0][1]
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("dying", [0, 1])
def test_a_host_does_not_wait_for_one_that_has_died(start: Start, tmp_path: Path, dying: int) -> None:
    launches = [start(rank, tmp_path / "r", 1_000_000) for rank in (0, 1)]
    while not list((tmp_path / "r" / "checkpoints").glob("0*")):
        assert all(launch.poll() is None for launch in launches)
        time.sleep(0.01)
    (trainer,) = psutil.Process(launches[dying].pid).children()
    began = time.monotonic()
    trainer.send_signal(signal.SIGKILL)
    ended = ends(*launches)
    assert time.monotonic() - began < 60
    assert all(status != 0 for status, _ in ended)
    assert "Another process of this launch has ended" in ended[1 - dying][1]
