"""Commands in an environment without onnxruntime."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Run

SENTENCE = (
    'error: onnxruntime is not installed: run `pip install "digitforge[cpu]"`, or ask `python -m export.doctor` '
    "what is wrong.\n"
)


@pytest.fixture
def without(tmp_path: Path) -> str:
    """Return a PYTHONPATH with which onnxruntime cannot be imported."""
    folder = tmp_path / "without"
    folder.mkdir()
    # A module that is None in sys.modules imports as one that is not installed.
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['onnxruntime'] = None\n")
    return str(folder)


@pytest.mark.parametrize(
    "command",
    [
        "export.sample viewer/models/digits.onnx --count 1 --out OUT/a.npz",
        "export.invert viewer/models/digits.onnx a.png --out OUT/a.npz",
        "export.onnx OUT",
        "export.classifier",
        "viewer.gallery viewer/models/digits.onnx --out OUT",
        "trainer.score viewer/models/digits.onnx",
    ],
)
def test_a_command_says_that_it_is_missing(run: Run, tmp_path: Path, without: str, command: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = run("-m", *command.replace("OUT", str(out)).split(), PYTHONPATH=without)
    assert done.stderr == SENTENCE
    assert done.returncode == 1
    assert not list(out.iterdir())


def test_the_doctor_finds_out(run: Run, without: str) -> None:
    done = run("-m", "export.doctor", PYTHONPATH=without)
    assert done.returncode == 1
    assert "onnxruntime" in done.stdout
    assert "Traceback" not in done.stderr
