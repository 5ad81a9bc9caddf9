from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from proofs.fuzz import make_input
from tests.support.commands import Run


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_damaged_files_run_or_are_refused_in_a_sentence(run: Run, tmp_path: Path) -> None:
    chosen = ("--inputs", "300", "--seed", "2", "--json", tmp_path / "f.json", "--keep", tmp_path / "kept")
    done = run("-m", "proofs.fuzz", *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["findings"] == []
    assert sum(figures["outcomes"].values()) == 300
    assert min(figures["outcomes"][f"{kind}: {end}"] for kind in ("bytes", "model") for end in ("ran", "refused")) > 5
    assert figures["different_sentences"] > 10


def test_an_input_is_a_function_of_its_number(models: dict[str, Path]) -> None:
    bases = [models["digits"].read_bytes(), models["colour"].read_bytes()]
    first = [make_input(7, number, bases) for number in range(20)]
    assert first == [make_input(7, number, bases) for number in range(20)]
    assert len({content for _, content in first}) == 20
    assert {kind for kind, _ in first} == {"bytes", "model"}
