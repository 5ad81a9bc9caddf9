"""Trainings on a real Slurm of two nodes: whatever ends them, they go on where they stopped, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from proofs.two_node_slurm import SCRIPTS, Cluster, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

IMAGES = 24_000
FLAGS = (
    "--dataset", "sklearn-digits", "--g-width", "8", "--d-width", "8", "--batch-size", "48", "--threads", "1",
    "--checkpoint-every", "960", "--sample-every", "1e9", "--images",
)  # fmt: skip
Begin = Callable[..., int]


@pytest.fixture(scope="module")
def whole(two: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on two nodes that was left alone."""
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    job = two.submit(run_dir.with_suffix(".txt"), "--nodes=2", SCRIPTS / "train.sbatch", run_dir, *FLAGS, str(IMAGES))
    assert two.finish(job) == "COMPLETED", run_dir.with_suffix(".txt").read_text()
    return run_dir


@pytest.fixture
def begin(two: Cluster, tmp_path: Path) -> Begin:
    """`begin(flags, *options)`: submit a training on two nodes and wait for its first checkpoint."""

    def begin(flags: tuple[str, ...] = (), *options: str) -> int:
        run_dir = tmp_path / "run"
        job = two.submit(
            tmp_path / "run.txt", "--nodes=2", *options, SCRIPTS / "train.sbatch", run_dir, *FLAGS, str(IMAGES), *flags
        )
        wait_until(lambda: bool(list((run_dir / "checkpoints").glob("0*"))), 200, "the first checkpoint")
        return job

    return begin


def same(first: Path, second: Path) -> bool:
    names = ("generator.safetensors", f"checkpoints/{IMAGES:012d}/state.safetensors")
    mine, theirs = ({name: load_file(folder / name) for name in names} for folder in (first, second))
    return all(mine[name].keys() == theirs[name].keys() for name in names) and all(
        mine[name][key].equal(theirs[name][key]) for name in names for key in mine[name]
    )


def test_a_training_on_two_nodes_speaks_with_one_voice(whole: Path) -> None:
    output = whole.with_suffix(".txt").read_text()
    assert "2 x cpu" in output
    assert output.count("Trained on 24,000 images.") == 1
    assert "arning" not in output
    assert "Traceback" not in output


def test_a_preempted_training_goes_on(two: Cluster, begin: Begin, whole: Path, tmp_path: Path) -> None:
    job = begin()
    two.preempt(seconds=2)
    assert two.finish(job) == "COMPLETED"
    output = (tmp_path / "run.txt").read_text()
    assert two.restarts(job) == 1, output
    assert output.count("checkpoint saved. Give the same command again to resume.") == 1
    assert "Traceback" not in output
    assert same(tmp_path / "run", whole)


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_a_lost_node_costs_only_time(two: Cluster, begin: Begin, whole: Path, tmp_path: Path, node: str) -> None:
    job = begin()
    two.lose(node)
    try:
        wait_until(lambda: two.restarts(job) == 1, 200, "the job in the queue")
    finally:
        two.repair(node)
    assert two.finish(job) == "COMPLETED"
    assert "Resuming after" in (tmp_path / "run.txt").read_text()
    assert same(tmp_path / "run", whole)


def test_a_node_that_freezes_is_given_up(two: Cluster, begin: Begin, whole: Path, tmp_path: Path) -> None:
    job = begin(("--process-timeout", "25"))
    for process in two.processes("n2"):
        process.suspend()
    wait_until(lambda: two.restarts(job) == 1, 200, "the job in the queue")
    assert two.finish(job) == "COMPLETED"
    assert "has ended or no longer answers" in (tmp_path / "run.txt").read_text()
    assert same(tmp_path / "run", whole)


def test_a_training_outlasts_its_time_limit(two: Cluster, begin: Begin, tmp_path: Path) -> None:
    job = begin(("--images", "10000000"), "--time=2", "--signal=USR1@50")
    wait_until(lambda: two.restarts(job) == 1, 150, "the job in the queue")
    wait_until(lambda: "Resuming after" in (tmp_path / "run.txt").read_text(), 150, "the second start")
    two.run("scancel", str(job))
    wait_until(lambda: two.state(job) == "CANCELLED", 60, "the end")
    saved = "checkpoint saved. Give the same command again to resume."
    wait_until(lambda: (tmp_path / "run.txt").read_text().count(saved) == 2, 30, "the checkpoint of the second start")
    assert two.restarts(job) == 1, "what a user cancels stays cancelled"


def test_another_number_of_nodes_goes_on_and_says_what_that_costs(two: Cluster, begin: Begin, tmp_path: Path) -> None:
    job = begin()
    two.run("scontrol", "requeue", str(job))
    wait_until(lambda: two.state(job) == "PENDING", 60, "the job in the queue")
    two.run("scontrol", "update", f"JobId={job}", "NumNodes=1-1", "NumTasks=1", "NumCPUs=1")
    assert two.finish(job) == "COMPLETED"
    assert "Not bit for bit: processes changed from 2 to 1" in (tmp_path / "run.txt").read_text()


def test_an_error_is_not_tried_again(two: Cluster, tmp_path: Path) -> None:
    job = two.submit(
        tmp_path / "run.txt", "--nodes=2", SCRIPTS / "train.sbatch", tmp_path / "run", *FLAGS, "960", "--g-lr", "1e-3",
        "--batch-size", "49",
    )  # fmt: skip
    assert two.finish(job) == "FAILED"
    output = (tmp_path / "run.txt").read_text()
    assert two.restarts(job) == 0
    assert output.count("error: batch_size is 49, but it must be a multiple of 2") == 1, output


def test_starts_that_make_no_checkpoint_end_the_job(two: Cluster, tmp_path: Path) -> None:
    job = two.submit(tmp_path / "run.txt", "--export=ALL,PYTHON=/bin/false", SCRIPTS / "train.sbatch", tmp_path / "run")
    assert two.finish(job) == "FAILED"
    assert two.restarts(job) == 2
    assert "The last 3 starts made no checkpoint" in (tmp_path / "run.txt").read_text()


@pytest.mark.parametrize(
    "command",
    [
        "srun $PYTHON trainer/train.py",
        'srun bash -c "exec $PYTHON -m torch.distributed.run --nnodes=2 --nproc-per-node=1 --node-rank=\\$SLURM_NODEID '
        '--master-addr=127.0.0.1 --master-port=29871 trainer/train.py \\"\\$@\\"" launcher',
    ],
    ids=["srun", "torchrun"],
)
def test_plain_launches_train_as_one(two: Cluster, tmp_path: Path, command: str) -> None:
    flags = " ".join((*FLAGS, "1920", "--run-dir", str(tmp_path / "run")))
    job = two.submit(tmp_path / "run.txt", "--nodes=2", "--ntasks-per-node=1", f"--wrap={command} {flags}")
    assert two.finish(job) == "COMPLETED", (tmp_path / "run.txt").read_text()
    output = (tmp_path / "run.txt").read_text()
    assert output.count("2 x cpu") == output.count("Trained on 1,920 images.") == 1, output
