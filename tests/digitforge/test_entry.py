from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]
COMMANDS = {
    "train": ("trainer/train.py",),
    "score": ("-m", "trainer.score"),
    "onnx": ("-m", "export.onnx"),
    "sample": ("-m", "export.sample"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_during_the_imports_is_one_line(run: Run, tmp_path: Path, command: str) -> None:
    for package in ("torch", "onnxruntime"):
        (tmp_path / f"{package}.py").write_text("raise KeyboardInterrupt")
    done = run(*COMMANDS[command], PYTHONPATH=str(tmp_path))
    assert done.stderr == "Interrupted.\n"
    assert done.returncode == -2, "ended by SIGINT, which shells report as 130"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_every_encoding_of_a_terminal_will_do(project: Path, tmp_path: Path, encoding: str) -> None:
    shutil.copy(project / "viewer" / "models" / "digits.onnx", tmp_path / "Zähler ☃.onnx")
    command = ("-m", "export.sample", tmp_path / "Zähler ☃.onnx", "--count", "1", "--out", tmp_path / "ü ☃.npz")
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, *command], cwd=project, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "?.npz" in done.stdout.decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "7.89x10-5 +- 0.2 Frechet ? #"), ("latin-1", "7.89×10-5 ± 0.2 Fréchet ? #")]
)
def test_figures_stay_readable_where_a_terminal_lacks_characters(project: Path, encoding: str, shown: str) -> None:
    program = "from digitforge.entry import prepare; prepare(); print('7.89×10⁻⁵ ± 0.2 Fréchet ☃ █')"
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode(encoding) == f"{shown}\n"


def test_a_library_leaves_the_process_alone(run: Run) -> None:
    script = "import sys; hook = sys.excepthook; import trainer, export, viewer; print(sys.excepthook is hook)"
    assert run("-c", script).stdout == "True\n"


def test_a_command_ends_quietly_when_its_reader_has_ended(project: Path) -> None:
    program = (
        "import sys; from digitforge.errors import exit_status; sys.exit(exit_status(lambda: print('x' * 100000)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("command", COMMANDS)
def test_a_working_directory_that_was_deleted_is_named(project: Path, tmp_path: Path, command: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, sys.argv[1:])"
    script = [str(project / part) if part.endswith(".py") else part for part in COMMANDS[command]]
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, *script],
        cwd=gone,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "error: The current folder was deleted: change to another one, and try again.\n"
    assert done.returncode == 2
