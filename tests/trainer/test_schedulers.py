"""The tasks of a Slurm step as the processes of one launch."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitforge.errors import RunError
from tests.support.forks import Fork, wait_for
from trainer.schedulers import first_host, join_tasks, without_tasks
from trainer.train import main

STEP = {
    "SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "5", "SLURM_PROCID": "4", "SLURM_LOCALID": "0",
    "SLURM_NODEID": "2", "SLURM_STEP_TASKS_PER_NODE": "2(x2),1", "SLURM_STEP_NODELIST": "localhost,gpu[08-11]",
}  # fmt: skip
TRAIN = (
    "--dataset", "sklearn-digits", "--g-width", "8", "--d-width", "8", "--batch-size", "48", "--images", "960",
    "--threads", "1",
)  # fmt: skip


def joined(**changed: str) -> dict[str, str]:
    environment = STEP | changed
    join_tasks(environment, "command")
    return environment


def test_a_task_gets_its_place_in_the_launch() -> None:
    environment = joined()
    found = {
        name: environment[name] for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR")
    }
    assert found == {
        "WORLD_SIZE": "5", "RANK": "4", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "localhost",
    }  # fmt: skip
    assert joined(SLURM_NODEID="1")["LOCAL_WORLD_SIZE"] == "2"


def test_all_tasks_of_a_step_meet_at_one_port_and_other_steps_at_another() -> None:
    port = joined()["MASTER_PORT"]
    assert port == joined(SLURM_PROCID="0", SLURM_NODEID="0")["MASTER_PORT"]
    others = [joined(SLURM_JOB_ID="8"), joined(SLURM_STEP_ID="1"), joined(SLURM_RESTART_COUNT="1")]
    assert port not in [each["MASTER_PORT"] for each in others]
    assert all(15_000 <= int(each["MASTER_PORT"]) < 30_000 for each in others)
    assert joined(MASTER_PORT="1234", MASTER_ADDR="there")["MASTER_PORT"] == "1234"


def test_a_first_node_without_an_address_is_reached_where_srun_runs() -> None:
    nowhere = {"SLURM_STEP_NODELIST": "nowhere.invalid"}
    assert joined(**nowhere, SLURM_LAUNCH_NODE_IPADDR="10.0.0.9")["MASTER_ADDR"] == "10.0.0.9"
    assert joined(**nowhere, MASTER_ADDR="there")["MASTER_ADDR"] == "there"
    with pytest.raises(RunError, match=r"nowhere\.invalid, has no address: set MASTER_ADDR"):
        joined(**nowhere)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("n1", "n1"), ("gpu[08-11,20],login", "gpu08"), ("r[1-2]n[3,5]", "r1n3"), ("a,b[1-2]", "a"), ("n[7]-ib", "n7-ib")],
)
def test_the_first_host(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


@pytest.mark.parametrize("changed", [{"SLURM_STEP_NUM_TASKS": "1"}, {"WORLD_SIZE": "8"}], ids=str)
def test_other_launches_stay_as_they_are(changed: dict[str, str]) -> None:
    assert joined(**changed) == STEP | changed


@pytest.mark.parametrize("changed", [{"SLURM_PROCID": ""}, {"ACCELERATE_MIXED_PRECISION": "no"}], ids=str)
def test_tasks_that_would_train_separately_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(RunError, match=r"srun started 5 processes.*`command`"):
        joined(**changed)


def test_a_launch_within_a_task_is_not_part_of_the_step() -> None:
    environment = without_tasks(STEP)
    join_tasks(environment, "command")
    assert "WORLD_SIZE" not in environment


def test_two_tasks_train_as_one(tmp_path: Path) -> None:
    step = STEP | {
        "SLURM_JOB_ID": str(tmp_path), "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
        "SLURM_STEP_NODELIST": "localhost",
    }  # fmt: skip
    tasks = [
        Fork(tmp_path / f"{task}.txt", main, [*TRAIN, "--run-dir", str(tmp_path / "run")],
             **step | {"SLURM_PROCID": str(task), "SLURM_NODEID": str(task)})
        for task in range(2)
    ]  # fmt: skip
    statuses, output = wait_for(tasks)
    assert statuses == [0, 0], output
    assert output.count("2 x cpu") == output.count("Trained on 960 images") == 1, output
    assert "Warning" not in output
