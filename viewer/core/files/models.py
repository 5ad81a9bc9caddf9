"""Finding a generator file by its digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from digitforge import hashing
from digitforge.errors import ExportError, ModelRefused
from export.runtime.generator import find_model
from export.safety.digest import file_digest
from viewer.core.files import Report
from viewer.core.run.stages import EXPORTS

LARGEST_FILE = 2**29
"""Larger files, in bytes, are skipped by the search."""
MOST_FILES = 100


def find_by_hash(sha256: str, places: Iterable[Path], report: Report = lambda *_: None) -> Path | None:
    """Return a generator file with this digest or, for recipes of older versions, with this hash; None if none has it.

    places: files, folders and run directories to search. report: called before each file; may raise to stop.
    """
    for number, path in enumerate(islice(dict.fromkeys(_candidates(places)), MOST_FILES)):
        report(number, MOST_FILES)
        with suppress(OSError):
            if path.stat().st_size <= LARGEST_FILE and sha256 in names_of(path):
                return path
    return None


def names_of(path: Path) -> tuple[str, ...]:
    """Return what recipes may call a generator file: its digest and its hash. Raises OSError."""
    with suppress(ModelRefused):
        return file_digest(path), hashing.sha256(path)
    return (hashing.sha256(path),)


def _candidates(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        with suppress(ExportError, OSError):
            if place.is_dir():
                yield from sorted(place.glob("*.onnx"))
                yield from sorted((place / EXPORTS).glob("*.onnx"), reverse=True)
            yield find_model(place)
