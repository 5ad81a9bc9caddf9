"""Errors that carry one sentence for the person at the keyboard: what was wrong and what to do."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable


class TrainerError(Exception):
    """The root of the trainer's errors."""


class ConfigError(TrainerError):
    """A setting is unknown, out of range, or differs from the run's."""


class DataError(TrainerError):
    """Training images are missing or damaged."""


class RunError(TrainerError):
    """A run directory cannot be used as asked."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of `known`, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"choose one of {', '.join(known)}."


def sentence(error: Exception) -> str:
    """What to tell the person of an error: our own words, or those for a failed file operation."""
    return explain_os_error(error) if isinstance(error, OSError) else str(error)


def explain_os_error(error: OSError) -> str:
    """One sentence for a failed file operation."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}: free some space and run the same command again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"The folder cannot be written to{where}: choose another place, a run's with --run-dir."
    return f"{error.strerror or error}{where}."
