from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from rich.console import Console

from trainer.config import TrainConfig
from trainer.presets import PRESETS, markdown, show_presets


@pytest.mark.parametrize("name", PRESETS)
def test_a_row_holds_only_what_differs_from_the_defaults(name: str) -> None:
    default = TrainConfig()
    repeated = [key for key, value in PRESETS[name].settings.items() if value == getattr(default, key)]
    assert not repeated


def test_the_docs_have_the_table() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "presets.md").read_text(encoding="utf-8")
    assert markdown() in page, "paste the output of `python -m trainer.presets` into docs/presets.md"


@pytest.mark.parametrize("width", [60, 80])
def test_the_list_is_readable_at_any_width(width: int) -> None:
    out = io.StringIO()
    show_presets(Console(file=out, width=width, soft_wrap=True))
    lines = out.getvalue().splitlines()
    assert set(PRESETS) <= set(lines), "each name is whole, on a line of its own"
    assert max(map(len, lines)) <= width
    assert "  training     relativistic loss, r1+r2 penalty 0.2; adam" in out.getvalue()


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
