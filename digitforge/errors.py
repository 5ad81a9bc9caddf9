"""All errors that digitforge raises for its users, and the one way to end a command.

Every message is a complete sentence: what is wrong, then what to do.

DigitforgeError
 ├─ TrainerError
 │   ├─ ConfigError        a setting is unknown, out of range, or differs from the run's
 │   ├─ DataError          training images are missing or damaged
 │   ├─ RunError           a run directory cannot be used for this, or training failed
 │   └─ WeightsError       a weights file is missing, damaged, or for another network
 ├─ ExportError            a generator cannot be exported, opened or run
 │   ├─ ModelRefused       a model file is damaged, unsafe, or not a generator
 │   ├─ UnmetRequest       a data set's conditions cannot be met
 │   ├─ PictureError       a picture brought by the user cannot be read, or shows no digit
 │   └─ RecipeError        a picture carries no settings that can be restored
 │       └─ NoRecipe       it was not exported by digitforge
 └─ CannotWrite            a file could not be written; what was there before is unchanged

`export.contract.ContractError` stands apart, because the contract needs nothing but the standard library. Code that
opens or exports a generator turns it into one of these.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TextIO

INTERRUPTED = 130
"""Exit status after Ctrl-C, by the convention of shells: 128 plus the number of SIGINT."""

BROKEN_PIPE = 141
"""Exit status when the program that reads the output has ended: 128 plus the number of SIGPIPE."""


class DigitforgeError(Exception):
    """Base class of all errors whose message is for the user."""


class TrainerError(DigitforgeError):
    """Base class of the trainer's errors."""


class ConfigError(TrainerError):
    """A setting is unknown, out of range, or differs from the run's."""


class DataError(TrainerError):
    """Training images are missing or damaged."""


class RunError(TrainerError):
    """A run directory cannot be used for this, or training failed."""


class WeightsError(TrainerError):
    """A weights file is missing, damaged, or for another network."""


class ExportError(DigitforgeError):
    """A generator cannot be exported, opened or run."""


class ModelRefused(ExportError):
    """A model file is damaged, unsafe, or not a generator."""


class UnmetRequest(ExportError):
    """The conditions of a data set cannot be met."""


class PictureError(ExportError):
    """A picture brought by the user cannot be read, or shows no digit."""


class RecipeError(ExportError):
    """A picture carries no settings that can be restored."""


class NoRecipe(RecipeError):
    """A picture was not exported by digitforge."""


class CannotWrite(DigitforgeError):
    """A file could not be written; what was there before is unchanged."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the entry of `known` closest to `name`, or lists them all."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"choose one of {', '.join(known)}."


def explain(error: OSError) -> str:
    """Return the reason why a file could not be written, then what to do, without the file's name."""
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.ENOSPC:
        return f"{reason}; free some space and try again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{reason}; choose another place."
    return f"{reason}."


def explain_read(error: OSError) -> str:
    """Return the reason why a file could not be read, then what to do, without the file's name."""
    reason = (error.strerror or str(error)).lower()
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{reason}; check its permissions."
    return f"{reason}."


def error_message(error: Exception) -> str:
    """Return the message to show for an error: its own, or an explanation if a file operation failed."""
    if not isinstance(error, OSError):
        return str(error)
    reason = explain(error) if error.errno == errno.ENOSPC else explain_read(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def print_error(message: str) -> None:
    """Print `message` on stderr, after a red "error:"."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True).print(Text.assemble(("error: ", "bold red"), message))


def discard(stream: TextIO) -> None:
    """Discard what is still written to `stream`, also when Python ends."""
    with suppress(OSError, ValueError):  # not a file, for example in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def exit_status(
    command: Callable[[], int | None], interrupted: str = "Interrupted; no file was left half-written."
) -> int:
    """Run `command` and return the exit status for the shell.

    0, or what `command` returns; 2 after one line on stderr for a DigitforgeError or an OSError; 130 after Ctrl-C,
    which prints `interrupted`; 141 without a line if the output is piped to a program that has ended.
    """
    try:
        status = command() or 0
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        discard(sys.stdout)
        return BROKEN_PIPE
    except (DigitforgeError, OSError) as error:
        print_error(error_message(error))
        return 2
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return INTERRUPTED
