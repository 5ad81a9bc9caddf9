from __future__ import annotations

from pathlib import Path

import pytest

from digitforge.errors import ExportError
from export.datasets.lock import folder_lock


def test_one_command_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        with folder_lock(folder), pytest.raises(ExportError, match="Another command is working"), folder_lock(folder):
            raise AssertionError("two were let in")


def test_a_failure_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder_lock(tmp_path):
        raise ZeroDivisionError
    with folder_lock(tmp_path):
        pass
