"""A lock that lets one command at a time work in a folder."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digitforge.errors import ExportError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Create `folder` and hold its lock while the block runs. The system releases it however the process ends.

    Raises ExportError while another command holds the lock, and OSError if the folder cannot be created.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as file:
        try:
            if sys.platform == "win32":
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise ExportError(f"Another command is working in {folder}: wait until it has finished.") from error
            # Any other error means that the file system has no locks; then the user has to take care.
        yield
