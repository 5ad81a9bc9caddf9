"""What all tests share: real commands as subprocesses, real MNIST where it is, a small trained run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]
LAUNCH = ("-m", "accelerate.commands.launch", "--config_file", "accelerate_config.yaml")
TRAIN = (*LAUNCH, "trainer/train.py")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run() -> Run:
    """`run("-m", "export.onnx", ..., **environment)`: Python on the project, output captured."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=280, check=False
        )

    return run


@pytest.fixture(scope="session")
def train_command() -> tuple[str, ...]:
    """The arguments of Python that launch training as the README does."""
    return TRAIN


@pytest.fixture(scope="session")
def launch_command() -> tuple[str, ...]:
    """The same without the script, for other launches."""
    return LAUNCH


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder that commands are run from."""
    return ROOT


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """A folder with real MNIST; the test is skipped where there is none."""
    from trainer import sources

    folder = sources.find_mnist(None)
    if folder is None:
        pytest.skip("needs real MNIST: set DIGITFORGE_DATA to a folder that holds it")
    return folder


@pytest.fixture(scope="session")
def trained_run(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory that the real commands made: quickstart, shortly, on the embedded digits, exported."""
    run_dir = tmp_path_factory.mktemp("runs") / "small"
    trained = run(
        *TRAIN, "--dataset", "sklearn-digits", "--images", 3_840, "--sample-every", 2_560,
        "--checkpoint-every", 1_280, "--run-dir", run_dir,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    exported = run("-m", "export.onnx", run_dir)
    assert exported.returncode == 0, exported.stderr
    return run_dir


@pytest.fixture
def rng() -> np.random.Generator:
    """A fixed stream."""
    return np.random.default_rng(0)
