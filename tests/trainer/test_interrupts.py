"""Ctrl-C as a terminal sends it, through the launcher."""

from __future__ import annotations

import os
import pty
import select
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trainer.train import main

SHORT = ("--dataset", "sklearn-digits", "--images", "1000000", "--checkpoint-every", "640", "--batch-size", "64")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # the child becomes bash at once
def test_ctrl_c_in_a_terminal_saves_and_ends_without_a_traceback(
    project: Path, train_command: tuple[str, ...], tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    command = shlex.join([sys.executable, *train_command, *SHORT, "--run-dir", str(run_dir)])
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project)
        # As make does: a shell without job control. It reads from the terminal at the end, to have it back.
        os.execvp("bash", ["bash", "-c", f"{command}; echo status $?; read -r line; echo got $line"])  # noqa: S606
    output, pressed, answered = b"", False, False
    give_up = time.monotonic() + 200
    while time.monotonic() < give_up:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                output += os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
        if not pressed and list((run_dir / "checkpoints").glob("0*")):
            pressed = True
            os.write(terminal, b"\x03")
        if not answered and b"status" in output:
            answered = True
            os.write(terminal, b"thanks\n")
    os.close(terminal)
    os.waitpid(process, 0)
    text = " ".join(output.decode(errors="replace").split())
    assert "checkpoint saved. Give the same command again to resume." in text
    assert "status 0" in text
    assert "got thanks" in text
    assert "Traceback" not in text


def test_another_thread_may_train_without_signals(tmp_path: Path) -> None:
    arguments = [*SHORT, "--images", "64", "--g-width", "8", "--d-width", "8", "--run-dir", str(tmp_path / "r")]
    with ThreadPoolExecutor() as pool:
        assert pool.submit(main, arguments).result() == 0
