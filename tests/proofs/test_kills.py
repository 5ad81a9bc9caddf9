from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import Run


@pytest.mark.slow
def test_nothing_is_lost_to_a_kill(run: Run, tmp_path: Path) -> None:
    done = run("-m", "proofs.kills", "--kills", 10, "--json", tmp_path / "kills.json")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "kills.json").read_text())
    assert figures["kills"] >= 10
    assert figures["lost"] == figures["runs_not_equal"] == 0
