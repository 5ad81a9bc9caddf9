"""The scripts for Slurm, with commands in its place: which ends of a step queue the job again."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import ROOT
from trainer import command_line

SCRIPTS = sorted((ROOT / "packaging" / "slurm").glob("*.sbatch"))


class FakeSlurm:
    """`srun` and `scontrol` that write down how they were called. srun also makes a checkpoint if it is told a name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, body in {
            "srun": 'echo "$@" >>"$LOG"; [ -z "$CHECKPOINT" ] || mkdir -p "$CHECKPOINT"; exit "$STATUS"',
            "python": 'echo "$@" >>"$LOG"; exit "$STATUS"',
            "scontrol": 'echo "scontrol $@" >>"$LOG"',
        }.items():
            (folder / name).write_text(f"#!/bin/bash\n{body}\n")
            (folder / name).chmod(0o755)

    def run(self, script: str, status: int, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run a script whose step ends with `status`; return the script's status and the calls."""
        log = self.folder / "log"
        log.write_text("")
        variables = {
            "PATH": f"{self.folder}:{os.environ['PATH']}", "LOG": str(log), "STATUS": str(status), "CHECKPOINT": "",
            "SLURM_JOB_ID": "7", "PYTHON": str(self.folder / "python"),
        }  # fmt: skip
        command = ["bash", str(ROOT / "packaging" / "slurm" / script), *arguments]
        ended = subprocess.run(command, cwd=ROOT, env=variables | environment, capture_output=True, check=False)
        return ended.returncode, log.read_text()


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    return FakeSlurm(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_scripts_are_valid_and_have_two_lines_for_a_site(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text()
    assert len(re.findall(r"^#SBATCH --(?:nodes|ntasks)=", text, re.MULTILINE)) == 1
    assert len(re.findall(r"^python=\$\{PYTHON:-", text, re.MULTILINE)) == 1


def test_the_trainer_knows_the_flags_of_its_script(slurm: FakeSlurm) -> None:
    _, calls = slurm.run("train.sbatch", 0, "some/run", "--preset", "mlp")
    _, script, *flags = calls.split()
    assert script == "trainer/train.py"
    command = command_line.parse(flags)
    assert (command.stopped_status, command.run_dir, command.config.preset) == (75, Path("some/run"), "mlp")


@pytest.mark.parametrize(("status", "again"), [(0, False), (2, False), (75, True), (1, True), (137, True), (143, True)])
def test_what_is_queued_again(slurm: FakeSlurm, tmp_path: Path, status: int, again: bool) -> None:
    ended, calls = slurm.run("train.sbatch", status, str(tmp_path / "run"))
    assert ("scontrol requeue 7" in calls) == again
    assert ended == (0 if again else status)


def test_three_fruitless_starts_in_a_row_end_the_job(slurm: FakeSlurm, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    ends = [slurm.run("train.sbatch", 137, str(run_dir))[0] for _ in range(3)]
    assert ends == [0, 0, 137]
    for images in (64, 128, 192, 256):  # a start that makes a checkpoint begins the count again
        checkpoint = str(run_dir / "checkpoints" / f"{images:012d}")
        assert slurm.run("train.sbatch", 137, str(run_dir), CHECKPOINT=checkpoint)[0] == 0
    assert [slurm.run("train.sbatch", 137, str(run_dir))[0] for _ in range(2)] == [0, 0]
    assert slurm.run("train.sbatch", 75, str(run_dir), CHECKPOINT=str(run_dir / "checkpoints" / f"{320:012d}"))[0] == 0
    assert [slurm.run("train.sbatch", 137, str(run_dir))[0] for _ in range(3)] == [0, 0, 137]


def test_a_time_limit_that_is_too_short_does_not_queue_the_job_for_ever(slurm: FakeSlurm, tmp_path: Path) -> None:
    ends = [slurm.run("train.sbatch", 75, str(tmp_path / "run"))[0] for _ in range(10)]
    assert ends == [0] * 9 + [75]


@pytest.mark.parametrize(
    ("status", "restarts", "again"), [(0, 0, False), (2, 0, False), (137, 2, True), (137, 3, False)]
)
def test_a_shard_that_is_killed_is_queued_again(
    slurm: FakeSlurm, tmp_path: Path, status: int, restarts: int, again: bool
) -> None:
    array = {"SLURM_ARRAY_JOB_ID": "9", "SLURM_ARRAY_TASK_ID": "3", "SLURM_RESTART_COUNT": str(restarts)}
    _, calls = slurm.run("sample.sbatch", status, "m.onnx", str(tmp_path / "d"), "8", "--count", "80", **array)
    assert f"-m export.sample m.onnx --out {tmp_path}/d/part-3.npz --shard 3/8 --count 80\n" in calls
    assert ("scontrol requeue 9_3" in calls) == again


@pytest.mark.parametrize(
    ("status", "restarts", "again"), [(0, 0, False), (2, 0, False), (130, 50, True), (137, 10, False)]
)
def test_a_search_that_is_stopped_is_queued_again(
    slurm: FakeSlurm, tmp_path: Path, status: int, restarts: int, again: bool
) -> None:
    _, calls = slurm.run("search.sbatch", status, "space.toml", str(tmp_path / "s"), SLURM_RESTART_COUNT=str(restarts))
    assert ("scontrol requeue 7" in calls) == again
