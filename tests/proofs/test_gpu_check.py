"""The GPU check, without a GPU: what it says, and that its checks run and can fail."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import save_file

from export import doctor
from proofs import gpu_check
from proofs.gpu_check import Bench, CheckFailed, Skipped
from tests.support.commands import Run


def test_without_a_gpu_it_says_what_it_would_have_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_check.main([]) == 0
    said = capsys.readouterr().out
    assert all(f"{check.__name__}: {check.__doc__}" in " ".join(said.split()) for check in gpu_check.CHECKS)
    assert said.splitlines()[-1] == f"0 of {len(gpu_check.CHECKS)} checks ran: there is no GPU"


def test_the_check_of_the_export_can_run(
    trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a run that is there, and the commands called in this process; every check as it is: the slow test below."""

    def python(_: Bench, flag: str, module: str, *arguments: str | Path, accept: tuple[int, ...] = (0,)) -> None:
        assert importlib.import_module(module).main([*map(str, arguments)]) in accept

    monkeypatch.setattr(Bench, "train", lambda *_: shutil.copytree(trained_run, tmp_path / "run"))
    monkeypatch.setattr(Bench, "python", python)
    monkeypatch.setattr(doctor, "latency_ms", lambda *_: (0.0, 0.0))
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")  # which a rehearsal sets, and the test takes back
    results = tmp_path / "results.json"
    assert gpu_check.main(["--rehearse", "--only", "exporting", "--json", str(results)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 1 checks hold"
    (row,) = json.loads(results.read_text())["checks"]
    assert (row["check"], row["result"]) == ("exporting", "holds")
    assert "CPU, 64 at a time" in row["figures"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_check_can_run(run: Run, tmp_path: Path) -> None:
    names = [check.__name__ for check in gpu_check.CHECKS if check is not gpu_check.speed]
    done = run(
        "-m", "proofs.gpu_check", "--rehearse", "--json", tmp_path / "results.json", "--only", *names, timeout=800
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": holds") == len(names)


def test_a_launch_that_fails_fails_its_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "some warning\nerror: There is no preset 'no-such-thing'.\n"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 2, "", lines))
    with pytest.raises(CheckFailed, match="There is no preset"):
        Bench(tmp_path, 1, rehearsal=True).train("run")


def test_runs_that_differ_are_told_apart(tmp_path: Path) -> None:
    for name, value in (("a", 0.0), ("b", 0.25)):
        (tmp_path / name).mkdir()
        save_file({"w": torch.full((3,), value)}, tmp_path / name / "generator.safetensors")
    assert gpu_check.largest_difference(tmp_path / "a", tmp_path / "b") == 0.25


def test_on_apples_gpu_checks_of_what_only_cuda_has_are_skipped(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1, rehearsal=False, apple=True)
    only_cuda = [gpu_check.several_devices, gpu_check.two_forwards_with_batch_norm, gpu_check.replaying]
    only_cuda += [gpu_check.recomputing, gpu_check.compiling]
    rows = gpu_check.run_checks([*only_cuda], bench, Console(quiet=True))
    assert [row["result"] for row in rows] == ["skipped"] * 5
    assert rows[0]["figures"] == {"why": "Apple's GPU has no process groups"}


def test_augmentations_that_differ_from_those_on_the_cpu_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, 1, rehearsal=True)
    assert set(gpu_check.augmenting(bench).values()) == {0.0}
    there = iter([False, True] * 50)
    changed = gpu_check.changed
    monkeypatch.setattr(
        gpu_check, "changed", lambda *given: [tensor + 0.5 * next(there) for tensor in changed(*given)[:1]]
    )
    with pytest.raises(CheckFailed, match="not as on the CPU"):
        gpu_check.augmenting(bench)


GOOD = (("CUDA", "ok"), ("CPU and CUDA", "ok"))


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        (GOOD, True),
        ((*GOOD, ("onnxruntime", "broken")), False),
        ((("CUDA", "info"),), False),
        ((("CUDA", "ok"),), False),
        ((("CUDA", "ok"), ("CPU and CUDA", "broken")), False),
    ],
)
def test_the_export_holds_where_the_doctor_finds_that_cuda_agrees(rows: tuple[Any, ...], holds: bool) -> None:
    report = {"rows": [{"name": name, "value": "", "status": status} for name, status in rows]}
    if holds:
        assert gpu_check.examined(report, rehearsal=False).keys() == dict(GOOD).keys()
    else:
        with pytest.raises(CheckFailed):
            gpu_check.examined(report, rehearsal=False)


def test_checks_that_fail_and_checks_that_are_skipped_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Bench) -> dict[str, Any]:
        raise CheckFailed("no")

    def skips(_: Bench) -> dict[str, Any]:
        raise Skipped("not here")

    def holds(_: Bench) -> dict[str, Any]:
        return {}

    bench = Bench(tmp_path, 1, rehearsal=True)
    rows = gpu_check.run_checks([fails, skips, holds], bench, Console(quiet=True))
    assert [row["result"] for row in rows] == ["FAILED", "skipped", "holds"]
    assert gpu_check.verdict(rows) == "1 of 3 checks hold (1 skipped, 1 FAILED)"
    monkeypatch.setattr(gpu_check, "BUDGET_S", -1.0)
    (late,) = gpu_check.run_checks([holds], bench, Console(quiet=True))
    assert late["result"] == "skipped", "a check that comes too late has not failed"
