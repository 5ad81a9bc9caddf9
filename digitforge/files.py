"""Write files that are either complete or absent: under a temporary name, flushed to the disk, then renamed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from digitforge.errors import CannotWrite, explain

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""First bytes of what a clone without Git LFS holds in place of a large file."""


def user_path(text: str) -> Path:
    """Return a path from a command line. The shell leaves the ~ of `--out=~/x` to the program, and Windows any ~."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it is renamed to `path` if the block succeeds, and removed if it fails.

    Missing folders above `path` are created. The block should do nothing but write: any OSError in it counts as a
    failure to write. Raises CannotWrite if the disk is full or read-only, or `path` is a folder or a device.
    """
    if not path.name or path.is_dir():
        raise CannotWrite(f"{path} could not be written: it is a folder; name a file.")
    if path.exists() and not path.is_file():  # a rename would replace the device or pipe itself
        raise CannotWrite(f"{path} could not be written: it is not an ordinary file.")
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        flush(temporary)
        rename(temporary, path)
    except OSError as error:
        raise CannotWrite(f"{path} could not be written: {explain(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically. Raises CannotWrite."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically. Raises CannotWrite."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically. Raises CannotWrite."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def is_lfs_pointer(path: Path) -> bool:
    """Return whether `path` is a pointer of Git LFS instead of the file itself."""
    try:
        with path.open("rb") as file:
            return file.read(len(LFS_POINTER)) == LFS_POINTER
    except OSError:
        return False


def is_text(path: Path) -> bool:
    """Return whether a path is valid UTF-8, which texts that contain it must be."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def rename(source: Path, target: Path) -> None:
    """Rename a file or a folder; a file replaces another one. Raises OSError if that failed.

    A file system in a network may report a failure although it has renamed: the server did, its answer was lost, and
    the client asked again. So a failure counts only if `target` is not what `source` was.
    """
    before = source.stat()
    try:
        source.replace(target)
    except OSError:
        if source.exists() or not _becomes(target, before):
            raise


def _becomes(path: Path, expected: os.stat_result) -> bool:
    """Return whether `path` is the expected file, or is so within a second: its folder's listing may be old."""
    for _ in range(10):
        with suppress(OSError):
            if os.path.samestat(path.stat(), expected):
                return True
        time.sleep(0.1)
    return False


def flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
