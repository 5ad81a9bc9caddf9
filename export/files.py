"""Files that are either whole or absent, and commands that end with a sentence instead of a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

from export.contract import ExportError


class CannotWrite(ExportError):
    """A file could not be written; what stood in its place before stays as it was."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; renamed into place if the block succeeds, removed if it fails.

    Raises CannotWrite for a full or read-only disk, a folder, a device, and the like.
    """
    if not path.name or path.is_dir():
        raise CannotWrite(f"{path} could not be written: it is a folder.")
    if path.exists() and not path.is_file():  # a rename would put a file in the place of the device or pipe
        raise CannotWrite(f"{path} could not be written: it is not an ordinary file.")
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path} could not be written: {explain(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically. Raises CannotWrite."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def explain(error: OSError) -> str:
    """What went wrong with a file, and what to do."""
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.ENOSPC:
        return f"{reason}; free some space and try again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{reason}; choose another place."
    return f"{reason}."


def exit_status(command: Callable[[], None], also: type[Exception] = ExportError) -> int:
    """Run `command`: 0, or 2 after one line on stderr for an ExportError, an OSError or one of `also`."""
    try:
        command()
    except (ExportError, also) as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename}: {explain(error)}" if error.filename else explain(error)
    except KeyboardInterrupt:
        print("Interrupted; nothing was left half-written.", file=sys.stderr)
        return 130
    else:
        return 0
    Console(stderr=True, soft_wrap=True).print(Text.assemble(("error: ", "bold red"), problem))
    return 2
