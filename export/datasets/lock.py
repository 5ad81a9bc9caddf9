"""A lock that lets one command at a time work in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digitforge.errors import ExportError
from digitforge.locks import read_owner, try_lock


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Create `folder` and hold its lock while the block runs. The system releases it however the process ends.

    Raises ExportError while another command holds the lock, and OSError if the folder cannot be created.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    lock = try_lock(path)
    if lock is None:
        owner = read_owner(path) or "another process"
        raise ExportError(f"Another command is working in {folder} ({owner}): wait until it has finished.")
    with lock:
        yield
