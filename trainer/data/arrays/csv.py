"""Tables with an image in each row, as Kaggle ships them: a label, then the pixels."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from digitforge.errors import DataError, explain_read
from digitforge.progress import bar
from trainer.data.arrays.layout import Parts, parts

LABELS = ("label", "labels", "class", "target", "y", "digit", "letter")
"""Names of the column of labels, in any case."""
CHUNK = 1_000
"""Number of rows parsed at a time."""
LIMIT_BYTES = 2**24
"""Longest row that is read."""


@dataclass(frozen=True)
class _Header:
    """What the first rows show."""

    separator: str
    columns: int
    """Number of columns, without that of row numbers."""
    numbered: bool
    """Whether the first column numbers the rows, as pandas writes it, under an empty name."""
    label: int | None
    """Index of the column of labels among the others; None if all are pixels."""
    rows_before: int
    """1 if the first row holds names, else 0."""


def load(path: Path, console: Console | None) -> Parts:
    """Read a table; if its name contains "train", the one named "test" in its place holds the test images.

    The columns are separated by commas, semicolons or tabs, with a first row of names or without; the file may be
    compressed (.gz). A column named like a label, or one that makes the number of pixels odd, holds the labels.
    Raises DataError, with the file and row, for rows of unequal length and cells that are not numbers.
    """
    train = _read(path, console)
    other = path.with_name(path.name.replace("train", "test"))
    if other == path or not other.is_file():
        return parts(str(path), train, None, first_row=1)
    test = _read(other, console)
    if train[1] is not None and test[1] is None:
        return parts(str(path), train, None, (f"{other} has no labels and is not used.",), first_row=1)
    return parts(str(path), train, test, (f"Scores compare with the images in {other}.",), first_row=1)


def _read(path: Path, console: Console | None) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any] | None]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as binary:
            file = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace")
            header = _header(file, path)
            return _rows(file, header, path, console)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is truncated or damaged.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {explain_read(error)}") from error


def _header(file: IO[str], path: Path) -> _Header:
    first, second = (file.readline(LIMIT_BYTES).strip() for _ in range(2))
    file.seek(0)
    separator = max(",;\t", key=first.count)
    names, values = first.split(separator), (second or first).split(separator)
    numbered = names[0].strip('" ') in ("", "Unnamed: 0")
    names, values = names[numbered:], values[numbered:]
    if len(names) < 2:
        raise DataError(f"{path} is no table of images: its first row has a single column.")
    named = [index for index, name in enumerate(names) if name.strip(' "').lower() in LABELS]
    label: int | None
    if named:
        label = named[0]
    elif _is_image(len(names)):
        label = None
    elif _is_image(len(names) - 1):
        label = 0 if not _is_whole(values[0]) or _is_whole(values[-1]) else len(names) - 1
    else:
        raise DataError(
            f"The rows of {path} have {len(names):,} columns: a label and a square number of pixels, or three times a "
            "square for colours, are needed."
        )
    if label is not None and not _is_image(len(names) - 1):
        raise DataError(
            f"The rows of {path} have {len(names) - 1:,} pixels, which is neither a square nor three squares."
        )
    pixels = [name for index, name in enumerate(names) if index != label]
    below = [name for index, name in enumerate(values) if index != label]
    # pandas writes 0, 0.1, 0.2 where names repeat: such a row of names looks like numbers.
    is_names = bool(named) or not all(map(_is_number, pixels)) or (_fractions(pixels) and not _fractions(below))
    return _Header(separator, len(names), numbered, label, int(is_names))


def _rows(
    file: IO[str], header: _Header, path: Path, console: Console | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any] | None]:
    for _ in range(header.rows_before):
        file.readline(LIMIT_BYTES)
    images, labels = list[npt.NDArray[np.float32]](), list[str]()
    row = header.rows_before
    with bar(console, f"Reading {path.name}") as progress:
        while chunk := list(islice(file, CHUNK)):
            texts = (line.replace('"', "").strip() for line in chunk)
            lines = {index: text for index, text in enumerate(texts, row + 1) if text}
            for index, line in lines.items():
                found, needed = line.count(header.separator) + 1, header.columns + header.numbered
                if found != needed:
                    raise DataError(f"Row {index:,} of {path} has {found:,} columns instead of {needed:,}.")
                label, lines[index] = _split(line.partition(header.separator)[2] if header.numbered else line, header)
                labels.append(label.strip())
            images.append(_numbers(lines, header, path))
            row += len(chunk)
            progress.advance(len(chunk))
    if not labels:
        raise DataError(f"{path} has no rows of images.")
    if header.label is None:
        return np.concatenate(images), None
    if all(not label or _is_whole(label) for label in labels):  # pandas writes 7.0 where others are empty
        return np.concatenate(images), np.array([int(float(label or -1)) for label in labels])
    return np.concatenate(images), np.array(labels)


def _split(line: str, header: _Header) -> tuple[str, str]:
    """Return the label and the pixels of a row, the latter separated by commas."""
    if header.label is None:
        label, pixels = "", line
    elif header.label == 0:
        label, _, pixels = line.partition(header.separator)
    else:
        cells = line.split(header.separator)
        label = cells.pop(header.label)
        pixels = header.separator.join(cells)
    return label, pixels if header.separator == "," else pixels.replace(header.separator, ",")


def _numbers(lines: dict[int, str], header: _Header, path: Path) -> npt.NDArray[np.float32]:
    """Parse the pixels of rows, given by their numbers: float32 [rows, pixels]."""
    count = header.columns - (header.label is not None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of text that is no number: the count shows it
        try:
            values = np.fromstring(",".join(lines.values()), np.float32, sep=",")
        except ValueError:
            values = np.empty(0, np.float32)
    if values.size != count * len(lines):
        for index, line in lines.items():
            for cell in line.split(","):
                if not _is_number(cell):
                    raise DataError(f"Row {index:,} of {path} contains {cell.strip()!r} where a pixel should be.")
    return values.reshape(len(lines), count)


def _is_image(pixels: int) -> bool:
    return any(round(part**0.5) ** 2 == part for part in (pixels, pixels / 3)) and pixels >= 16


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip(' "'))
    except ValueError:
        return False
    return True


def _is_whole(cell: str) -> bool:
    return _is_number(cell) and float(cell.strip(' "')).is_integer()


def _fractions(cells: list[str]) -> bool:
    return any(not _is_whole(cell) for cell in cells)
