"""Locks: whose they are, who waits, and who is not disturbed by a look at them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from digitforge import locks
from digitforge.locks import holder, read_owner, release, try_lock, wait_for_lock

HOLD = """
import sys, time
from pathlib import Path
from digitforge.locks import try_lock
lock = try_lock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "POLL_S", 0.01)


def test_a_lock_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    assert holder(path) is None
    monkeypatch.setenv("SLURM_JOB_ID", "71")
    with try_lock(path) or pytest.fail("nobody has it"):
        owner = holder(path)
        assert owner
        assert (owner.host, owner.process, owner.job) == (socket.gethostname(), os.getpid(), "71")
        assert str(owner).startswith(f"process {os.getpid()} on {socket.gethostname()} since 20")
        assert try_lock(path) is None
        path.write_text("")
        assert holder(path), "though its file was not written yet"
    assert holder(path) is None


def test_whoever_looks_at_a_lock_takes_it_from_nobody(tmp_path: Path) -> None:
    path, stop = tmp_path / "lock", threading.Event()
    path.touch()

    def look() -> None:
        while not stop.is_set():
            holder(path)

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(200):
            lock = try_lock(path)
            assert lock is not None
            lock.close()
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()


def test_the_others_wait_for_an_owner_that_may_die_and_say_so(
    tmp_path: Path, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lock"
    done = []

    def wait() -> None:
        with wait_for_lock(path, "decodes the pictures"):
            done.append(read_owner(path))

    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        assert not done
        process.send_signal(signal.SIGKILL)
    waiting.join(10)
    (owner,) = done
    assert owner
    assert owner.process == os.getpid()
    said = capfd.readouterr().err
    assert said.startswith(f"Waiting for process {process.pid} on {socket.gethostname()} since 20")
    assert said.endswith(", which decodes the pictures.\n")
    assert said.count("\n") == 1
    assert not path.exists()


def test_work_goes_on_where_no_lock_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with wait_for_lock(tmp_path / "file" / "lock", "works"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_without_locks_in_the_file_system_an_owner_of_this_host_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(locks.UNSUPPORTED[0], "")

    monkeypatch.setattr("fcntl.flock", refuse)
    path = tmp_path / "lock"
    lock = try_lock(path)
    assert lock
    lock.close()
    owner = holder(path)
    assert owner
    assert owner.process == os.getpid()
    ended = subprocess.Popen(["true"])
    ended.wait()
    path.write_text(path.read_text().replace(f'"process": {os.getpid()}', f'"process": {ended.pid}'))
    assert holder(path) is None
    path.write_text(path.read_text().replace(socket.gethostname(), "another-host"))
    assert holder(path), "who can say?"
    release(path)
    assert holder(path) is None
