from __future__ import annotations

from pathlib import Path

import pytest

from digitforge.errors import ExportError
from export.datasets.lock import alone


def test_one_at_a_time_and_the_next_one_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        with alone(folder), pytest.raises(ExportError, match="Another command is at work"), alone(folder):
            raise AssertionError("two were let in")


def test_who_fails_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), alone(tmp_path):
        raise ZeroDivisionError
    with alone(tmp_path):
        pass
