"""Files that are either whole or absent, and commands that end with a sentence instead of a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from export.contract import ExportError


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; renamed into place if the block succeeds, removed if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def explain_os_error(error: OSError) -> str:
    """One sentence for a failed file operation."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}: free some space and try again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"This place cannot be written to{where}: choose another."
    return f"{error.strerror or error}{where}."


def exit_status(command: Callable[[], None], also: type[Exception] = ExportError) -> int:
    """Run `command`: 0, or 2 after one line on stderr for an ExportError, an OSError or one of `also`."""
    try:
        command()
    except (ExportError, also) as error:
        problem = str(error)
    except OSError as error:
        problem = explain_os_error(error)
    except KeyboardInterrupt:
        print("Interrupted; nothing was left half-written.", file=sys.stderr)
        return 130
    else:
        return 0
    Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {problem}", highlight=False)
    return 2
