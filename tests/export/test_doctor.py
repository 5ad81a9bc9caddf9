from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from export import doctor
from export.doctor import BROKEN, examine, main
from export.providers import look
from export.runtime import open_generator


def test_the_command_tells_everything(run: Callable[..., CompletedProcess[str]], tmp_path: Path) -> None:
    done = run("-m", "export.doctor", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["broken"]
    names = {row["name"] for row in report["rows"]}
    assert {"onnxruntime", "CUDA", "NVIDIA driver", "generator", "CPU, 1 at a time", "CPU, 64 at a time"} <= names
    for name in names:
        assert name in done.stdout


def test_a_generator_that_is_refused_is_broken(models: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    path.write_bytes(models["digits"].read_bytes()[:500])
    assert main([str(path)]) == 1
    assert [row.value for row in examine(path).rows if row.status == BROKEN] == [
        f"{path} is not an ONNX file, or it is damaged."
    ]
    assert main([str(tmp_path / "absent.onnx")]) == 1


def test_two_packages_in_one_environment_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    both = replace(look(), packages={"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.1"})
    monkeypatch.setattr(doctor, "look", lambda: both)
    report = examine(None)
    assert report.broken
    assert {row.name for row in report.rows if row.status == BROKEN} == {"onnxruntime", "CUDA"}
    assert any("pip uninstall" in row.fix for row in report.rows)


def test_a_disagreement_is_broken(models: dict[str, Path]) -> None:
    first, other = (open_generator(models[name], provider="cpu") for name in ("digits", "other"))
    assert doctor._agreement(first, other).status == "ok", "both have the same weights"

    class Shifted:
        @staticmethod
        def run(names: list[str], feeds: dict[str, object]) -> list[object]:
            return [first.session.run(names, feeds)[0] * 0]

    assert doctor._agreement(first, replace(first, session=Shifted())).status == BROKEN
