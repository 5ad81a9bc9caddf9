"""Generator files by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from digitforge.errors import ExportError, explain
from digitforge.hashing import sha256
from export.runtime.generator import find_model
from viewer.core.run.stages import EXPORTS

Report = Callable[[int, int], None]

LARGEST_FILE = 2**29
"""Bytes; larger ones are not looked into while a model is searched for."""
MOST_FILES = 100


def sha256_of(path: Path) -> str:
    """The hash of a file, 64 hexadecimal digits. Raises ExportError where it cannot be read."""
    try:
        return sha256(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain(error)}") from error


def find_by_hash(sha256: str, places: Iterable[Path], report: Report = lambda *_: None) -> Path | None:
    """The generator with that hash among these files, in these folders, or of these runs; None where it is not.

    report: called before each file; may raise to stop.
    """
    for number, path in enumerate(islice(dict.fromkeys(_candidates(places)), MOST_FILES)):
        report(number, MOST_FILES)
        with suppress(ExportError, OSError):
            if path.stat().st_size <= LARGEST_FILE and sha256_of(path) == sha256:
                return path
    return None


def _candidates(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        with suppress(ExportError, OSError):
            if place.is_dir():
                yield from sorted(place.glob("*.onnx"))
                yield from sorted((place / EXPORTS).glob("*.onnx"), reverse=True)
            yield find_model(place)
