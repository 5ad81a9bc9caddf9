"""The lock of a run directory: who may train there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from digitforge.errors import RunError
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
