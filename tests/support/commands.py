"""Real commands as subprocesses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ("-m", "accelerate.commands.launch", "--config_file", "accelerate_config.yaml")
"""The arguments of Python that launch a script, as the README does."""
TRAIN = (*LAUNCH, "trainer/train.py")
TRAINED = (
    "--dataset", "sklearn-digits", "--images", "3840", "--checkpoint-every", "1280", "--sample-every", "2560",
    "--g-width", "16", "--d-width", "16",
)  # fmt: skip
"""The settings of the fixture `trained_run`."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run(
    *arguments: str | Path, cwd: Path = ROOT, timeout: float = 280, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python on the project with `environment` added to the variables, and capture its output."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=timeout, check=False
    )
