"""A short one of the hour-long soak."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ACTIONS = 4000


@pytest.mark.slow
def test_the_window_survives_a_monkey(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    written = ("--log", tmp_path / "log", "--json", tmp_path / "figures.json")
    done = run("-m", "proofs.soak", "--minutes", 4, "--stop-at", ACTIONS, *written)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["found"] == ""
    assert (
        len((tmp_path / "log").read_text().splitlines())
        == figures["actions"]
        == sum(figures["actions_by_kind"].values())
    )
    assert figures["frames"] > 100
