"""The commands and the Python code that the README and docs/contract.md show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest


def python_block(page: Path, module: str) -> str:
    """Return the page's Python block that imports `module`."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    (found,) = (block for block in blocks if f"import {module}\n" in block)
    return found


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_two_commands_stand_in_the_readme(project: Path, command: str) -> None:
    assert f"\n{command} " in (project / "README.md").read_text()


def test_the_ten_lines_open_the_file_with_onnxruntime_and_numpy(
    run: Callable[..., CompletedProcess[str]], project: Path
) -> None:
    lines = python_block(project / "docs/contract.md", "onnxruntime")
    assert len(lines.splitlines()) <= 10
    done = run("-c", f"{lines}\nprint(image.shape, pixels.shape, pixels.dtype, *sorted(__import__('sys').modules))")
    assert done.stdout.startswith("(3, 1, 28, 28) (3, 28, 28) uint8"), done.stderr
    assert not {"torch", "onnx", "export"} & set(done.stdout.split())


def test_the_library_makes_ten_digits_in_three_lines(run: Callable[..., CompletedProcess[str]], project: Path) -> None:
    lines = python_block(project / "README.md", "digitforge")
    assert len([line for line in lines.splitlines() if line]) <= 3
    done = run("-c", f"{lines}\nprint(digits.shape, digits.dtype, *sorted(__import__('sys').modules))")
    assert done.stdout.startswith("(10, 28, 28) uint8"), done.stderr
    assert "torch" not in done.stdout.split()
