from __future__ import annotations

from pathlib import Path

import pytest

from export import session
from export.contract import ExportError
from export.runtime import open_generator
from export.session import usable_cpus


def test_threads_are_bounded_by_what_may_be_used(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "usable_cpus", lambda: 2)
    for asked, given in ((0, 2), (1, 1), (2, 2), (64, 2)):
        options = open_generator(models["digits"], threads=asked).session.get_session_options()
        assert options.intra_op_num_threads == given
    with pytest.raises(ExportError, match="-1 threads were asked for"):
        open_generator(models["digits"], threads=-1)


@pytest.mark.parametrize(("text", "cpus"), [("150000 100000", 1), ("max 100000", 8), ("50000 100000", 1), ("", 8)])
def test_a_container_can_have_fewer_cpus_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, cpus: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(session, "QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(text)
    assert usable_cpus() == cpus
