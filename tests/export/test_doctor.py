from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from rich.console import Console

from digitforge.files import LFS_POINTER
from export import doctor
from export.contract import GeneratorInfo
from export.doctor import BROKEN, Report, Row, examine, main, table
from export.runtime.generator import open_generator
from export.runtime.providers import look
from proofs.tiny_generator import write_model


def test_the_command_reports_everything(run: Callable[..., CompletedProcess[str]], tmp_path: Path) -> None:
    done = run("-m", "export.doctor", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["broken"]
    names = {row["name"] for row in report["rows"]}
    assert {
        "onnxruntime",
        "CUDA",
        "NVIDIA driver",
        "generator",
        "comes from",
        "CPU, 1 at a time",
        "CPU, 64 at a time",
    } <= names
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


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pointer.onnx"
    path.write_bytes(LFS_POINTER + b"v1\noid sha256:4d7a\nsize 900\n")
    assert [row.value for row in examine(path).rows if row.status == BROKEN] == [
        f"{path} is a pointer of Git LFS, not the model: run git lfs pull, or download the file itself."
    ]


def test_two_packages_in_one_environment_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    both = replace(look(), packages={"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.1"})
    monkeypatch.setattr(doctor, "look", lambda: both)
    report = examine(None)
    assert report.broken
    assert {row.name for row in report.rows if row.status == BROKEN} == {"onnxruntime", "CUDA"}
    assert any("pip uninstall" in row.fix for row in report.rows)


def test_the_doctor_works_without_onnxruntime(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main([str(models["digits"])]) == 1
    assert 'pip install ".[cpu]"' in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_texts_from_a_file_are_not_markup(tmp_path: Path) -> None:
    info = GeneratorInfo(6, "normal", ("[/b]", "\x1b[31mred"), 1, 12, 12, {"licence": "[blink]\x1b]0;title\x07"})
    rows = examine(write_model(tmp_path / "[red].onnx", info)).rows
    console = Console(width=200, record=True, file=StringIO())
    console.print(table(Report((*rows, Row("more", "x", BROKEN, 'pip install ".[gpu]"')))))
    shown = console.export_text()
    for text in ("[red].onnx", "[/b]", "[blink]", ".[gpu]"):
        assert text in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("precision", "shift", "status"),
    [("fp32", 5e-5, "ok"), ("fp32", 5e-4, BROKEN), ("fp16", 5e-4, "ok"), ("", 5e-4, "ok"), ("fp16", 0.05, BROKEN)],
)
def test_a_difference_between_providers_is_broken(
    models: dict[str, Path], precision: str, shift: float, status: str
) -> None:
    opened = open_generator(models["digits"], provider="cpu")
    first = replace(opened, info=replace(opened.info, provenance={"precision": precision} if precision else {}))

    class Shifted:
        @staticmethod
        def run(names: list[str], feeds: dict[str, object]) -> list[object]:
            (result,) = opened.session.run(names, feeds)
            return [result + np.float32(shift) if names == ["image"] else result]

    assert doctor._agreement(first, replace(first, session=Shifted())).status == status
