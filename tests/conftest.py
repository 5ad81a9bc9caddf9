"""What all tests share: real commands as subprocesses, real MNIST where it is, small generators, a trained run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from export.contract import GeneratorInfo
from proofs.tiny_generator import write_model
from tests.support import commands
from tests.support.commands import LAUNCH, ROOT, TRAIN, TRAINED, Run

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what is compared bit for bit has to run where that is promised


@pytest.fixture(scope="session")
def run() -> Run:
    """`run("-m", "export.onnx", ..., cwd=..., **environment)`: Python on the project, output captured."""
    return commands.run


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
    from digitforge import mnist

    folder = mnist.find("mnist", None)
    if folder is None:
        pytest.skip("needs real MNIST: set DIGITFORGE_DATA to a folder that holds it")
    return folder


@pytest.fixture(scope="session")
def trained_run(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory that the real commands made: digits, shortly, on the embedded digits, exported."""
    run_dir = tmp_path_factory.mktemp("runs") / "small"
    from export.onnx import main as export

    trained = run(*TRAIN, *TRAINED, "--run-dir", run_dir)
    assert trained.returncode == 0, trained.stderr
    assert export([str(run_dir)]) == 0
    return run_dir


@pytest.fixture(autouse=True)
def fresh_accelerator() -> Iterator[None]:
    """A process trains in one precision; tests are many runs in one process."""
    yield
    if "accelerate" in sys.modules:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def rng() -> np.random.Generator:
    """A fixed stream."""
    return np.random.default_rng(0)


DIGITS = tuple("0123456789")
SIDE = 12
LATENT = 6


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generators by name: "digits", "other" (also ten digits), "free" (unconditional), "colour", "many"."""
    folder = tmp_path_factory.mktemp("models")

    def info(classes: tuple[str, ...] = DIGITS, distribution: str = "normal", channels: int = 1) -> GeneratorInfo:
        return GeneratorInfo(LATENT, distribution, classes, channels, SIDE, SIDE, {"preset": "tiny"})

    chosen = {
        "digits": info(),
        "other": info(),
        "free": info((), "uniform"),
        "colour": info(("cat", "dog", "hedgehog"), channels=3),
        "many": info(tuple(f"class {i}" for i in range(30))),
    }
    return {name: write_model(folder / f"{name}.onnx", one) for name, one in chosen.items()}
