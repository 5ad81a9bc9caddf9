"""Files that either come into being whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class CannotWrite(Exception):
    """A file could not be written; one sentence for the person at the keyboard."""


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` beside `path` under a temporary name, then rename it into place.

    Raises CannotWrite (full or read-only disk, no such folder, …); what stood at `path` before stays as it was.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files that nobody else may read
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise CannotWrite(f"{path} could not be written: {(error.strerror or str(error)).lower()}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
