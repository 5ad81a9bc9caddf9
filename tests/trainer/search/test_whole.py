"""A search over real launches on the embedded digits, killed in its middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SPACE = """
images = 640
trials = 3
sampler = "random"
pruner = "none"
score_every = 128
score_count = 100
repeats = 1

[fixed]
dataset = "sklearn-digits"
batch_size = 64
d_width = 8
log_every = 64

[search]
g_width = [8, 16]
g_lr = { low = 1e-5, high = 1e-2, log = true }
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_search_that_is_killed_ends_as_if_it_had_not_been(tmp_path: Path, project: Path) -> None:
    (tmp_path / "tiny.toml").write_text(SPACE)
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def command(folder: str) -> list[str]:
        return [sys.executable, "-m", "trainer.search", str(tmp_path / "tiny.toml"), "--dir", str(tmp_path / folder)]

    whole = subprocess.run(
        command("whole"), cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert whole.returncode == 0, whole.stderr
    with subprocess.Popen(command("killed"), cwd=project, env=environment, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not list((tmp_path / "killed").glob("trial-001/checkpoints/0*")):
            time.sleep(0.02)
        process.kill()
    again = subprocess.run(
        command("killed"), cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert again.returncode == 0, again.stderr
    found, expected = (json.loads((tmp_path / folder / "results.json").read_text()) for folder in ("killed", "whole"))
    for results in (found, expected):
        assert [each["state"] for each in results["trials"]] == ["finished"] * 3
        for each in results["trials"]:
            del each["seconds"]
    # Resuming is exact, and so are the draws: the same trials, scores and repeats, to the last digit.
    assert found["trials"] == expected["trials"]
    assert found["repeated"] == expected["repeated"]
    assert "Resuming after" in (tmp_path / "killed" / "trial-001.txt").read_text()
