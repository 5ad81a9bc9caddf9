"""What every command needs before anything slow is imported."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from pathlib import Path
from types import TracebackType

SIMILAR = str.maketrans({"×": "x", "±": "+-", "−": "-", "–": "-", "—": "-", "█": "#", "•": "*", "→": "->", "·": "-"})
"""What is written for characters that a terminal lacks, and that Unicode does not decompose into others."""


def _write_similar(error: UnicodeError) -> tuple[str, int]:
    """Write similar ASCII characters where an encoding has none: an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    similar = (unicodedata.normalize("NFKD", each.translate(SIMILAR)).translate(SIMILAR) for each in missing)
    return "".join(each.encode("ascii", "ignore").decode() or "?" for each in similar), error.end


def prepare() -> None:
    """Prepare the process of a command: Ctrl-C ends it with one line, and every terminal can show its output.

    Importing PyTorch takes a second or more, in which no command of ours could catch Ctrl-C. Python ends with the
    status of the signal (130 in a shell) after the line. Characters that the terminal's encoding lacks become similar
    ones, such as "x" for a multiplication sign, or "?". A working directory that was deleted is named here, because
    libraries crash in it.
    """
    sys.excepthook = _print_in_one_line
    codecs.register_error("digitforge", _write_similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where a test or a window has replaced it
            stream.reconfigure(errors="digitforge")
    try:
        Path.cwd()
    except FileNotFoundError:
        print("error: The current folder was deleted: change to another one, and try again.", file=sys.stderr)
        raise SystemExit(2) from None


def prepare_module() -> None:
    """`prepare`, if this is called while `python -m` imports the package of a command.

    Each package calls it, so that importing the package as a library changes nothing.
    """
    if sys.argv[:1] == ["-m"]:
        prepare()


def _print_in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
    elif isinstance(error, ModuleNotFoundError) and error.name == "onnxruntime":
        print(
            'error: onnxruntime is not installed: run `pip install "digitforge[cpu]"`, or ask '
            "`python -m export.doctor` what is wrong.",
            file=sys.stderr,
        )
    else:
        sys.__excepthook__(kind, error, trace)
