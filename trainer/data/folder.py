"""A folder of pictures: one subfolder for each class, or pictures without classes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from rich.console import Console

from digitforge.errors import DataError
from trainer.data import decode, decoded, subset


def load(root: Path, classes: str, limit: int, size: int, console: Console | None) -> decoded.Store:
    """Load the pictures below `root`; see `subset.choose` for classes and limit.

    Raises DataError if the folder cannot be used or too many pictures are unreadable, ConfigError as `choose` does,
    OSError if the store cannot be written.
    """
    try:
        names, labels, class_names = _find(root)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read ({(error.strerror or str(error)).lower()}).") from error
    # Chosen before decoding, so that the store holds no more than the run trains on.
    chosen, class_names, numbered = subset.choose(np.array(labels, np.int64), class_names, classes, limit)
    return decoded.open_store(root, [names[index] for index in chosen], numbered, class_names, size, console)


def _find(root: Path) -> tuple[list[str], list[int], tuple[str, ...]]:
    """Return the paths below `root`, sorted within each class; their labels; the sorted class names."""
    if not root.is_dir():
        raise DataError(f"There is no folder {root}: pass one that holds pictures, as in --dataset folder:PATH.")
    loose = sorted(entry.name for entry in root.iterdir() if _is_picture(entry.name) and entry.is_file())
    found = {
        entry.name: _pictures_below(entry, root)
        for entry in sorted(root.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    }
    classes = [name for name, pictures in found.items() if pictures]
    if loose and classes:
        raise DataError(
            f"{root} holds pictures ({loose[0]}) beside class folders ({classes[0]}): "
            "put all pictures into class folders, or all of them into one folder."
        )
    if not loose and not classes:
        raise DataError(f"{root} holds no pictures: put {', '.join(sorted(decode.SUFFIXES))} files into class folders.")
    if len(classes) == 1:
        raise DataError(
            f"{root} holds only one class folder, {classes[0]}: add another, "
            f"or train without classes on --dataset folder:{root / classes[0]}."
        )
    labels = [label for label, name in enumerate(classes) for _ in found[name]]
    return loose + [name for each in classes for name in found[each]], labels or [0] * len(loose), tuple(classes)


def _pictures_below(folder: Path, root: Path) -> list[str]:
    def fail(error: OSError) -> None:
        raise error

    found: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [(Path(parent) / name).relative_to(root).as_posix() for name in names if _is_picture(name)]
    return sorted(found)


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in decode.SUFFIXES
