"""A real Slurm of two nodes on this machine, on which the jobs of packaging/slurm are tried.

Two slurmd on one host are Slurm's own option -N. Both nodes are in two partitions: a job in `high` preempts and
requeues one in `low`, which is the default. A job that is queued again starts after nine seconds (cred_expire), where
Slurm's default is two minutes. Starting it at once with `scontrol update StartTime=now` would let it fail: a node
refuses a job whose credential is not younger than the end of the job's last start. Needs Slurm and MUNGE:
`apt-get install slurm-wlm munge`.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from digitforge.errors import RunError

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "packaging" / "slurm"
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
NODES = ("n1", "n2")
CONFIGURATION = """ClusterName=two
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=cred_expire=8
FirstJobId={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=5
SlurmdTimeout=12
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=1000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=1000
PartitionName=low Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=20
PartitionName=high Nodes=n[1-2] MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "OUT_OF_MEMORY")


def missing() -> str:
    """Return why Slurm cannot be started here, an empty string if it can."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"{', '.join(absent)} not found: apt-get install slurm-wlm munge"
    return "" if _munge_answers() else "munged does not run and could not be started"


class Cluster:
    """The running cluster. Jobs see the variables of this process, and the Python that runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = os.environ | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PYTHON": str(ROOT / ".venv" / "bin" / "python"),
            "SLURM_WAIT": "5",
        }

    def run(self, *command: str | Path) -> str:
        """Run a command of Slurm in the project's folder and return its output. Raises RunError if it fails."""
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=self._environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RunError(f"{command[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def submit(self, output: Path, *arguments: str | Path) -> int:
        """Submit a job that appends to `output`, and return its number. arguments: those of sbatch."""
        return int(self.run("sbatch", "--parsable", f"--output={output}", *arguments).split(";")[0])

    def state(self, job: int) -> str:
        """Return the job's state, such as RUNNING."""
        return self._facts(job).get("JobState", "")

    def ended(self, job: int) -> bool:
        """Whether the job has ended. One that is queued again is in such a state for a moment too."""
        if self.state(job) not in ENDED:
            return False
        time.sleep(1.5)
        return self.state(job) in ENDED

    def restarts(self, job: int) -> int:
        """Return how often the job was queued again."""
        return int(self._facts(job).get("Restarts", "0"))

    def finish(self, job: int, seconds: float = 400) -> str:
        """Wait until the job has ended and is not queued again; return its state."""
        wait_until(lambda: self.ended(job), seconds, f"the end of job {job}")
        return self.state(job)

    def said(self, job: int) -> str:
        """Return the lines of the controller's log that name the job."""
        lines = (self.folder / "slurmctld.log").read_text().splitlines()
        return "\n".join(line for line in lines if f"JobId={job} " in f"{line} ")

    def preempt(self, seconds: float = 0) -> None:
        """Take both nodes for a job of higher priority, which lasts `seconds`."""
        self.run("sbatch", "--partition=high", "--nodes=2", "--output=/dev/null", f"--wrap=sleep {seconds}")

    def processes(self, node: str) -> list[psutil.Process]:
        """Return the processes of all jobs on a node, without Slurm's own."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                variables = process.environ()
                if variables.get("SLURM_CONF") == self._environment["SLURM_CONF"] and "SLURM_JOB_ID" in variables:
                    on_node = variables.get("SLURMD_NODENAME") == node
                    found += [process] if on_node and process.name() not in ("slurmd", "slurmstepd") else []
        return found

    def lose(self, node: str) -> None:
        """Kill everything on a node at once, as if its power had failed."""
        jobs = self.processes(node)
        slurm = []
        for process in jobs:
            with suppress(psutil.Error):
                slurm += [each for each in process.parents() if each.name().startswith("slurmstepd")]
        with suppress(OSError, ValueError):
            os.kill(int((self.folder / f"slurmd-{node}.pid").read_text()), signal.SIGKILL)
        for process in (*slurm, *jobs):  # in this order: Slurm would report how its jobs have ended
            with suppress(psutil.Error):
                process.kill()

    def repair(self, node: str) -> None:
        """Start a node that was lost."""
        self.run("slurmd", "-N", node)

    def start(self) -> None:
        """Start the daemons. Raises RunError if the nodes are not ready within 30 s."""
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        configuration = CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], user=getpass.getuser(), folder=self.folder, ports=_free_ports(3)
        )
        (self.folder / "slurm.conf").write_text(configuration)
        self.run("slurmctld")
        time.sleep(1)
        for node in NODES:
            self.repair(node)
        wait_until(lambda: self.run("sinfo", "-h", "-p", "low", "-o", "%T %D") == "idle 2", 30, "both nodes")

    def stop(self) -> None:
        """Cancel all jobs and end the daemons."""
        with suppress(RunError):
            self.run("scancel", "--user", getpass.getuser())
            wait_until(lambda: not self.run("squeue", "-h"), 20, "the end of all jobs")
        for node in NODES:
            self.lose(node)
        with suppress(OSError, ValueError, psutil.Error):
            controller = psutil.Process(int((self.folder / "slurmctld.pid").read_text()))
            controller.terminate()
            controller.wait(20)  # it still writes its state

    def _facts(self, job: int) -> dict[str, str]:
        shown = self.run("scontrol", "show", "job", "-o", str(job))
        return dict(part.split("=", 1) for part in shown.split() if "=" in part)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster whose files are in `folder`, which does not exist yet."""
    two = Cluster(folder)
    try:
        two.start()
        yield two
    finally:
        two.stop()


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until `condition()`. Raises RunError that names `what` after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RunError(f"Waited {seconds:g} s in vain for {what}.")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _munge_answers() -> bool:
    def answers() -> bool:
        return subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0

    if answers():
        return True
    if getpass.getuser() != "root":
        return False
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge")
    subprocess.run(["runuser", "-u", "munge", "--", "munged"], capture_output=True, check=False)
    time.sleep(1)
    return answers()
