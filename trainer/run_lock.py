"""The lock of a run directory: only one launch may train in it at a time."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from digitforge.errors import CannotWrite, RunError, explain

LOCK_FILE = ".lock"
"""Holds the owner as JSON. The operating system's lock on this file decides, not whether it exists."""

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of file systems without locks."""


@contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Lock `run_dir`, which must exist, inside the block. Raises RunError that names the owner if another has it.

    The operating system releases the lock when its owner ends, however it ends, so a killed run can be resumed at
    once, from any host that shares the folder. On a file system without locks, nothing is locked.
    """
    path = run_dir / LOCK_FILE
    try:
        lock = _acquire(path)
    except OSError as error:
        raise CannotWrite(f"{path} could not be written: {explain(error)}") from error
    if lock is None:
        raise RunError(
            f"{run_dir} is being trained by {_owner(path)}: wait for it or stop it, or choose another --run-dir."
        )
    with lock:
        try:
            yield
        finally:
            with suppress(OSError):  # Windows does not remove an open file
                path.unlink()


def _acquire(path: Path) -> BinaryIO | None:
    """Return the locked file, None if another process has locked it."""
    while True:
        lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            if not _lock(lock):
                lock.close()
                return None
            if _is_at(lock, path):
                break
        except BaseException:
            lock.close()
            raise
        lock.close()  # its owner removed it before we locked it
    owner = {"host": socket.gethostname(), "process": os.getpid(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
    lock.truncate(0)
    lock.write(json.dumps(owner).encode())
    lock.flush()
    return lock


def _lock(lock: BinaryIO) -> bool:
    """Lock the open file; returns False if another process has locked it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(1 << 30)  # others could not read a locked part
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            lock.seek(0)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        if error.errno not in UNSUPPORTED:
            raise
    return True


def _is_at(lock: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _owner(path: Path) -> str:
    """Return who holds the lock, as far as the file says."""
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        return f"process {owner['process']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"
