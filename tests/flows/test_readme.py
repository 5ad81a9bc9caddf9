"""What the README shows, run as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess


def test_the_ten_lines_open_the_file_with_onnxruntime_and_numpy(
    run: Callable[..., CompletedProcess[str]], project: Path
) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    assert len(lines.splitlines()) <= 10
    done = run("-c", f"{lines}\nprint(image.shape, pixels.shape, pixels.dtype, *sorted(__import__('sys').modules))")
    assert done.stdout.startswith("(3, 1, 28, 28) (3, 28, 28) uint8"), done.stderr
    assert not {"torch", "onnx", "export"} & set(done.stdout.split())
