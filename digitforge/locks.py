"""Locks of files, released by the operating system when their owner ends, however it ends.

A lock file holds its owner as JSON. The system's lock decides, not whether the file exists, so what a killed owner
leaves behind is taken over at once, from any host that shares the folder. On a file system without locks, nothing is
locked.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Errors of file systems without locks."""
POLL_S = 0.5
"""Seconds between two attempts to get a lock that another process has."""


@dataclass(frozen=True)
class Owner:
    """The process that has, or had, a lock."""

    host: str
    process: int
    since: str
    """Date and time, by the clock of its host."""
    user: str = ""
    job: str = ""
    """Number of its Slurm job; empty without Slurm."""

    def __str__(self) -> str:
        return f"process {self.process} on {self.host} since {self.since}"


class _NoLocks(Exception):
    """The file system has no locks."""


def try_lock(path: Path) -> BinaryIO | None:
    """Return the locked file, which is released when it is closed; None if another process has locked it.

    The file is created if it does not exist. Raises OSError if that fails.
    """
    while True:
        lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            try:
                got = _lock(lock)
                if not got and not _lock(lock, shared=True):
                    lock.close()
                    return None
            except _NoLocks:
                got = True
            if got and _is_at(lock, path):
                break
        except BaseException:
            lock.close()
            raise
        lock.close()
        if not got:  # only `holder` has it, for a moment
            time.sleep(random.uniform(0.001, 0.01))
        # Otherwise its owner removed the file before we locked it.
    user = ""
    with suppress(OSError, KeyError, ImportError):  # a user without a name, as in many containers
        user = getpass.getuser()
    since = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
    owner = Owner(socket.gethostname(), os.getpid(), since, user, os.environ.get("SLURM_JOB_ID", ""))
    lock.truncate(0)
    lock.write(json.dumps(asdict(owner)).encode())
    lock.flush()
    return lock


def holder(path: Path) -> Owner | None:
    """Return who has locked `path`, None if nobody has. The lock is not taken, and a process that wants it gets it."""
    try:
        with path.open("rb") as file:
            if _lock(file, shared=True):
                return None
    except OSError:
        return None
    except _NoLocks:
        owner = read_owner(path)
        return owner if owner and not _has_ended(owner) else None
    return read_owner(path) or Owner("unknown", 0, "")


def read_owner(path: Path) -> Owner | None:
    """Return the owner that a lock file names, which may have ended; None if there is no such file, or it is empty."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Owner(
            str(values["host"]), int(values["process"]), str(values["since"]), str(values.get("user", "")),
            str(values.get("job", "")),
        )  # fmt: skip
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


@contextmanager
def wait_for_lock(path: Path, work: str) -> Iterator[None]:
    """Lock `path` inside the block, which does some work that one process is enough for.

    While another process has the lock, this one waits, and says so once on standard error. work: what the owner does,
    as in "decodes the pictures". Without a place for the lock file, the block runs without a lock.
    """
    lock, said = None, False
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        while (lock := try_lock(path)) is None:
            if not said:
                owner = read_owner(path) or "another process"
                print(f"Waiting for {owner}, which {work}.", file=sys.stderr, flush=True)
                said = True
            time.sleep(POLL_S)
    if lock is None:
        yield
        return
    with lock:
        try:
            yield
        finally:
            release(path)


def release(path: Path) -> None:
    """Remove a lock file that this process has locked."""
    with suppress(OSError):  # Windows does not remove an open file
        path.unlink()


def _lock(file: IO[bytes], shared: bool = False) -> bool:
    """Lock the open file; returns False if another process has locked it. Raises _NoLocks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(1 << 30)  # others could not read a locked part
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        if error.errno in UNSUPPORTED:
            raise _NoLocks from error
        raise
    return True


def _is_at(lock: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _has_ended(owner: Owner) -> bool:
    """Return whether the owner was a process of this host that is no more."""
    if sys.platform == "win32" or owner.host != socket.gethostname():
        return False
    try:
        os.kill(owner.process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
