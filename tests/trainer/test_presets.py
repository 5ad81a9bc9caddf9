"""What a preset promises, on real MNIST at its full length."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_quickstart_learns_every_digit_in_minutes(
    run: Callable[..., CompletedProcess[str]],
    train_command: tuple[str, ...],
    mnist_dir: Path,
    tmp_path: Path,
) -> None:
    run_dir, figures = tmp_path / "run", tmp_path / "figures.json"
    command = (*train_command, "--preset", "quickstart", "--dataset", "mnist", "--run-dir", run_dir)
    run(*command, timeout=1500).check_returncode()
    run("-m", "trainer.score", run_dir, "--json", figures).check_returncode()
    measured = json.loads(figures.read_text())
    assert measured["conditional_accuracy"] > 0.98
    assert min(measured["conditional_accuracy_of_classes"]) > 0.95, "no digit is left out"
    assert measured["frechet_distance"] < 6 * measured["floor"]["frechet_distance"]
