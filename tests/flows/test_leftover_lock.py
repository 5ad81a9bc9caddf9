"""The lock file that a killed training leaves behind concerns trainings alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import digitforge
from export.onnx import main as export
from export.sample import main as sample
from proofs.kills import temporaries
from tests.support.windows import drop_file
from trainer.compare import main as compare
from trainer.run_lock import LOCK_FILE
from trainer.score import main as score
from viewer.engine.player import Player
from viewer.gallery import main as gallery
from viewer.ui.window import Window


@pytest.fixture
def left(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a run whose owner was killed on another host."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(trained_run, Path("runs") / "killed"))
    (run / LOCK_FILE).write_text(json.dumps({"host": "elsewhere", "process": 1, "since": "2026-01-01 00:00:00"}))
    return run


def test_commands_ignore_it(left: Path, tmp_path: Path) -> None:
    lock = (left / LOCK_FILE).read_bytes()
    assert export([]) == 0, "the newest run is found"
    assert score([str(left), "--count", "100"]) == 0
    assert sample([str(left), "--count", "3", "--out", "a.npz"]) == 0
    assert gallery([]) == 0
    other = Path(shutil.copytree(left, "runs/other"))
    assert compare([str(left), str(other)]) == 0
    assert digitforge.open(left).sample(2).shape == (2, 28, 28)
    assert (left / LOCK_FILE).read_bytes() == lock


def test_the_window_ignores_it(left: Path, qtbot: QtBot, models: dict[str, Path]) -> None:
    window = Window(Player("cpu"))
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.player.frame_ready):
        window.open(left)
    assert not window.message.isVisible()
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, models["digits"])
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, left)
    assert window.player.model is not None
    assert window.player.model.path.name == "generator.onnx"
    assert (left / LOCK_FILE).is_file()


def test_it_is_no_file_that_was_being_written(left: Path) -> None:
    assert temporaries(left) == set()
    (left / ".log.jsonl.123.partial").touch()
    assert temporaries(left) == {".log.jsonl.123.partial"}
