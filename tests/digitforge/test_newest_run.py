from __future__ import annotations

import os
from pathlib import Path

import pytest

from digitforge.errors import DigitforgeError
from digitforge.newest_run import newest_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mark(run: str, seconds: int, marker: str = "generator.onnx") -> None:
    path = Path("runs") / run / marker
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (seconds, seconds))


def test_the_newest_marker_decides() -> None:
    mark("old", 100)
    mark("group/new", 200)
    mark("newest", 300, "config.json")
    assert newest_run("generator.onnx") == Path("runs/group/new")
    mark("old", 400)
    assert newest_run("generator.onnx") == Path("runs/old")


def test_links_are_followed_but_not_in_circles(folder: Path) -> None:
    mark("../elsewhere/a run", 100)
    Path("runs").mkdir(exist_ok=True)
    Path("runs/linked run").symlink_to(folder / "elsewhere" / "a run")
    Path("elsewhere/a run/circle").symlink_to(folder / "runs")
    assert newest_run("generator.onnx") == Path("runs/linked run")


def test_without_a_run_the_message_says_how_to_make_one() -> None:
    with pytest.raises(
        DigitforgeError, match=r"generator.onnx; name a run, .* `accelerate launch trainer/train.py`\.$"
    ):
        newest_run("generator.onnx")
    with pytest.raises(DigitforgeError, match=r"train.py`, then `python -m export.onnx`\.$"):
        newest_run("generator.onnx", then="python -m export.onnx")
