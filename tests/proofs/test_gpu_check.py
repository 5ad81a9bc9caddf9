from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from safetensors.torch import save_file

from proofs import gpu_check

Run = Callable[..., "CompletedProcess[str]"]


def test_without_a_gpu_it_says_what_it_would_have_run(run: Run) -> None:
    done = run("-m", "proofs.gpu_check")
    assert done.returncode == 0, done.stderr
    for check in gpu_check.CHECKS:
        assert check.__name__ in done.stdout


def test_the_check_of_the_export_can_run(run: Run, tmp_path: Path) -> None:
    done = run("-m", "proofs.gpu_check", "--rehearse", "--only", "exporting", "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stdout
    assert "exporting: holds" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_check_can_run(run: Run, tmp_path: Path) -> None:
    names = [check.__name__ for check in gpu_check.CHECKS if check is not gpu_check.speed]
    done = run(
        "-m", "proofs.gpu_check", "--rehearse", "--json", tmp_path / "figures.json", "--only", *names, timeout=800
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": holds") == len(names)


def test_a_check_can_fail(tmp_path: Path) -> None:
    bench = gpu_check.Bench(tmp_path, 1, rehearsal=True)
    with pytest.raises(gpu_check.CheckFailed, match="There is no preset"):
        bench.train("run", "--preset", "no-such-thing")
    for name, value in (("a", 0.0), ("b", 0.25)):
        (tmp_path / name).mkdir()
        save_file({"w": torch.full((3,), value)}, tmp_path / name / "generator.safetensors")
    assert gpu_check.largest_difference(tmp_path / "a", tmp_path / "b") == 0.25
