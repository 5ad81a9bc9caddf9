from __future__ import annotations

from pathlib import Path

import pytest

from digitforge import cpus
from digitforge.cpus import usable_cpus


@pytest.mark.parametrize(("text", "expected"), [("150000 100000", 1), ("max 100000", 8), ("50000 100000", 1), ("", 8)])
def test_a_container_can_have_fewer_cpus_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(cpus, "QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(text)
    assert usable_cpus() == expected
