"""Generated data sets and searches on a real Slurm of two nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proofs.two_node_slurm import SCRIPTS, Cluster, wait_until
from tests.support.commands import Run

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SPACE = """preset = "mlp"
objective = "frechet_distance"
images = 1920
trials = 4
repeats = 1
score_every = 960
score_count = 200

[fixed]
dataset = "sklearn-digits"
g_layers = "32"
d_layers = "32"
threads = 1

[search]
g_lr = { low = 1e-4, high = 2e-3, log = true }
"""


def test_an_array_of_shards_of_which_two_are_killed_joins_to_the_same_bytes(
    two: Cluster, run: Run, models: dict[str, Path], tmp_path: Path
) -> None:
    flags = ("--count", "80000", "--seed", "3")
    job = two.submit(
        tmp_path / "shard-%a.txt", "--array=1-8", SCRIPTS / "sample.sbatch", models["digits"], tmp_path / "shards", "8",
        *flags,
    )  # fmt: skip
    for name in (f"{job}_1", f"{job}_2"):
        wait_until(lambda: name in running(two), 60, f"shard {name}")  # noqa: B023
        two.run("scancel", "--signal=KILL", "--batch", name)
    wait_until(lambda: not two.run("squeue", "-h", "-j", str(job)), 400, "all shards")
    outputs = "".join(path.read_text() for path in tmp_path.glob("shard-*.txt"))
    joined = run("-m", "export.sample", "--join", tmp_path / "shards", "--out", tmp_path / "joined.npz")
    assert joined.returncode == 0, joined.stderr + outputs
    run("-m", "export.sample", models["digits"], *flags, "--out", tmp_path / "one.npz").check_returncode()
    assert (tmp_path / "joined.npz").read_bytes() == (tmp_path / "one.npz").read_bytes()


def running(two: Cluster) -> list[str]:
    return two.run("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%i").split()


def test_a_search_over_two_nodes_that_is_preempted_finishes_every_trial(two: Cluster, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE)
    folder = tmp_path / "search"
    job = two.submit(tmp_path / "search.txt", SCRIPTS / "search.sbatch", tmp_path / "space.toml", folder)
    wait_until(lambda: len(list(folder.glob("worker-*/trial-*/config.json"))) >= 2, 120, "two trials")
    two.preempt(seconds=1)
    assert two.finish(job) == "COMPLETED", (tmp_path / "search.txt").read_text()
    (results,) = [json.loads((path.parent / "results.json").read_text()) for path in folder.glob("*/winner.txt")]
    assert [trial["state"] for trial in results["trials"]] == ["finished"] * 4
    assert {path.name for path in folder.glob("worker-*")} == {"worker-0", "worker-1"}
