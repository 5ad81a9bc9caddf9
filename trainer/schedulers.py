"""The processes that a scheduler starts: Slurm's tasks become the processes of one training."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Mapping, MutableMapping

from digitforge.errors import RunError

SCHEDULERS = {
    "SLURM_STEP_NUM_TASKS": "srun",  # SLURM_NTASKS is also set in the script of a job, which runs once
    "OMPI_COMM_WORLD_SIZE": "mpirun",
    "PMI_SIZE": "mpirun",
    "MV2_COMM_WORLD_SIZE": "mpirun",
}
"""The variables in which schedulers store how many processes they have started."""

LAUNCHED = "ACCELERATE_MIXED_PRECISION"
"""A variable that `accelerate launch` always sets."""

TIMEOUT_S = 7_200
"""Seconds to wait for other processes: the first one of a machine may download and decode for a long time."""

TASK = ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_STEP_TASKS_PER_NODE", "SLURM_STEP_NODELIST")
"""The variables that srun sets in each task."""

FIRST_PORT, PORTS = 15_000, 15_000
"""The ports that steps of Slurm choose from, below those that systems give to outgoing connections."""


def join_tasks(environment: MutableMapping[str, str], command: str) -> None:
    """Add the variables with which the tasks of a Slurm step form one launch, as torchrun would set them.

    Variables that are already set stay: MASTER_ADDR and MASTER_PORT choose another meeting point. command: how to
    launch otherwise, for the message. Raises RunError if a scheduler has started several processes whose places are
    not known.
    """
    if "WORLD_SIZE" in environment:
        return
    for variable, scheduler in SCHEDULERS.items():
        tasks = environment.get(variable, "")
        if not tasks.isdecimal() or int(tasks) == 1:
            continue
        placed = scheduler == "srun" and all(environment.get(name) for name in TASK)
        if not placed or LAUNCHED in environment:
            raise RunError(
                f"{scheduler} started {tasks} processes, but they are not connected and would train separately: "
                f"start them with `srun python trainer/train.py`, or one on each machine with `{command}`."
            )
        for name, value in _places(environment).items():
            environment.setdefault(name, value)
        return


def without_tasks(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a launch that is not part of this scheduler's step."""
    return {name: value for name, value in environment.items() if name not in SCHEDULERS}


def _places(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of torchrun for this task of a Slurm step."""
    per_node = _tasks_per_node(environment["SLURM_STEP_TASKS_PER_NODE"])
    node = int(environment["SLURM_NODEID"])
    step = f"{environment.get('SLURM_JOB_ID')}.{environment.get('SLURM_STEP_ID')}"
    digest = hashlib.sha256(f"{step}.{environment.get('SLURM_RESTART_COUNT')}".encode()).digest()
    return {
        "WORLD_SIZE": environment["SLURM_STEP_NUM_TASKS"],
        "RANK": environment["SLURM_PROCID"],
        "LOCAL_RANK": environment["SLURM_LOCALID"],
        "LOCAL_WORLD_SIZE": str(per_node[node] if node < len(per_node) else 1),
        "MASTER_ADDR": environment.get("MASTER_ADDR") or _address(environment),
        "MASTER_PORT": str(FIRST_PORT + int.from_bytes(digest[:8], "little") % PORTS),
    }


def _tasks_per_node(text: str) -> list[int]:
    """Return the number of tasks on each node from Slurm's short form: "2(x3),1" is [2, 2, 2, 1]."""
    counts: list[int] = []
    for tasks, nodes in re.findall(r"(\d+)(?:\(x(\d+)\))?", text):
        counts += [int(tasks)] * int(nodes or 1)
    return counts


def first_host(nodes: str) -> str:
    """Return the first host of Slurm's short form: "gpu[08-11,20],login" begins with "gpu08"."""
    return re.sub(r"\[(\w+)[^\]]*\]", r"\1", re.split(r",(?![^\[]*\])", nodes)[0])


def _address(environment: Mapping[str, str]) -> str:
    """Return where the tasks meet: on the first node, or where srun runs if that node's name has no address."""
    host = first_host(environment["SLURM_STEP_NODELIST"])
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        if launched_from := environment.get("SLURM_LAUNCH_NODE_IPADDR"):  # the first node, within a batch job
            return launched_from
        raise RunError(f"The first node of this step, {host}, has no address: set MASTER_ADDR.") from None
    return host
