"""One command at a time in a folder."""

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
    """Make `folder` and hold it as long as the block runs; however the process ends, the system lets go of it.

    Raises ExportError while another command holds it, OSError where it cannot be made.
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
                raise ExportError(f"Another command is at work in {folder}: wait until it has ended.") from error
            # Else the file system knows no locks, and the user has to see to it.
        yield
