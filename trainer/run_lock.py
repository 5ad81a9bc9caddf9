"""The lock of a run directory: only one launch may train in it at a time, and how the last one failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from digitforge import files, locks
from digitforge.errors import CannotWrite, DigitforgeError, RunError, error_message, explain

LOCK_FILE = ".lock"
FAILURE_FILE = "failure.json"
"""Holds the error of a training that failed, until the next one begins in the same run directory."""


@contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Lock `run_dir`, which must exist, inside the block. Raises RunError that names the owner if another has it.

    A killed run can be resumed at once, from any host that shares the folder. If the block fails, its error is recorded
    in the run.
    """
    path = run_dir / LOCK_FILE
    try:
        lock = locks.try_lock(path)
    except OSError as error:
        raise CannotWrite(f"{path} could not be written: {explain(error)}") from error
    if lock is None:
        owner = locks.read_owner(path) or "another process"
        raise RunError(f"{run_dir} is being trained by {owner}: wait for it or stop it, or choose another --run-dir.")
    with lock:
        try:
            with suppress(OSError):
                (run_dir / FAILURE_FILE).unlink(missing_ok=True)
            yield
        except Exception as error:
            _record(run_dir, error)
            raise
        finally:
            locks.release(path)


def _record(run_dir: Path, error: Exception) -> None:
    """Record why a training failed, if there is a run."""
    known = isinstance(error, (DigitforgeError, OSError))
    message = error_message(error) if known else f"{type(error).__name__}: {error}".partition("\n")[0]
    if (run_dir / "config.json").is_file():
        with suppress(CannotWrite):  # the disk may be full
            files.write_json(run_dir / FAILURE_FILE, {"error": message})
