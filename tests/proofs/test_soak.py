"""A short one of the hour-long soak."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import Run

ACTIONS = 4000


@pytest.mark.slow
def test_the_window_survives_a_monkey(run: Run, tmp_path: Path) -> None:
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
    assert figures["pictures_rendered_again"] > 10
