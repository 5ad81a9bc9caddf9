from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from trainer.presets import configure
from trainer.report.progress import TrainingProgress


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "250 of 1,000 images  50/s  D loss 1  15 s left\n"),
        ({"seconds": 60.0}, "250 of 1,000 images  50/s  D loss 1  15 s left\n"),
        ({"seconds": 8.0}, "5 of 8 s, 250 images  50/s  D loss 1  3 s left\n"),
    ],
    ids=["images", "images come first", "seconds come first"],
)
def test_without_a_terminal_progress_is_lines_of_text(settings: dict[str, Any], expected: str) -> None:
    output = io.StringIO()
    progress = TrainingProgress(configure("mlp", {"images": 1000} | settings), Console(file=output))
    progress.start(0, 0)
    progress.print_line(0, 0)
    assert output.getvalue() == "", "there is no speed yet"
    progress.update(250, 5, 50, "D loss 1")
    progress.print_line(250, 5)
    progress.stop()
    assert output.getvalue() == expected


def test_in_a_terminal_progress_is_a_bar() -> None:
    output = io.StringIO()
    progress = TrainingProgress(
        configure("mlp", {"images": 1000}), Console(file=output, force_terminal=True, width=120)
    )
    progress.start(0, 0)
    progress.update(250, 5, 50, "D loss 1")
    progress.print_line(250, 5)
    progress.stop()
    assert "250 of 1,000 images  50/s  D loss 1" in output.getvalue()
    assert "s left" not in output.getvalue()
