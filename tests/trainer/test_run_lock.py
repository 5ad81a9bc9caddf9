"""The lock of a run directory: who may train there."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from digitforge.errors import CannotWrite, RunError
from digitforge.locks import UNSUPPORTED
from trainer.run_lock import LOCK_FILE, locked
from trainer.train import main

HOLD = """
import sys, time
from pathlib import Path
from trainer.run_lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""
ARGUMENTS = (
    "--dataset", "sklearn-digits", "--images", "64", "--batch-size", "16", "--g-width", "8", "--d-width", "8",
    "--run-dir",
)  # fmt: skip


def test_a_lock_names_its_owner_and_ends_with_it(
    tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "locked\n"
        assert main([*ARGUMENTS, str(tmp_path)]) == 2
        assert f"is being trained by process {owner.pid} on {socket.gethostname()} since 20" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE], "the second launch writes nothing"
        owner.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK_FILE).exists()
    assert main([*ARGUMENTS, str(tmp_path)]) == 0, "a killed owner stands in nobody's way"
    assert not (tmp_path / LOCK_FILE).exists()


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(RunError, match=f"process {os.getpid()} on "), locked(tmp_path):
        pass
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        _ = 1 / 0
    with locked(tmp_path):
        (tmp_path / LOCK_FILE).write_text("")
        with pytest.raises(RunError, match="another process"), locked(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
@pytest.mark.parametrize("code", UNSUPPORTED)
def test_without_locks_in_the_file_system_nothing_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path), locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_a_lock_that_fails_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(CannotWrite, match=r"\.lock could not be written: input/output error"), locked(tmp_path):
        pass


RACE = """
import sys, time
from pathlib import Path
from digitforge.errors import RunError
from trainer.run_lock import locked
print("ready", flush=True)
for number in range(50):
    sys.stdin.readline()
    try:
        with locked(Path(sys.argv[1])):
            print("won", flush=True)
            sys.stdin.readline()
    except RunError as error:
        print(error, flush=True)
        sys.stdin.readline()
"""


def test_of_two_processes_exactly_one_has_the_lock(tmp_path: Path, project: Path) -> None:
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [
        subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    def told(racer: subprocess.Popen[str]) -> str:
        assert racer.stdout is not None
        return racer.stdout.readline().strip()

    def tell() -> None:
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()

    assert [told(racer) for racer in racers] == ["ready", "ready"]
    for _ in range(50):
        tell()
        said = sorted(map(told, racers))
        assert said[1] == "won", said
        assert f"{tmp_path} is being trained by " in said[0]
        tell()
    for racer in racers:
        racer.communicate(timeout=10)
        assert racer.returncode == 0
