"""Tables of pictures in Parquet files, and in the Arrow files that Hugging Face's `datasets` saves.

The columns of images and labels are found by their types. Encoded pictures are unpacked once into the cache folder and
then read like a folder of pictures; pixels are read like those of other arrays. Needs pyarrow, the extra `data`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from digitforge.errors import DataError
from digitforge.progress import bar
from trainer.data import archive
from trainer.data.arrays.csv import LABELS
from trainer.data.arrays.layout import Parts, align, parts, to_labels
from trainer.data.folder import Pictures, part_of
from trainer.data.natural import natural

BATCH = 256
"""Number of rows read at a time."""
IMAGES = ("image", "img", "picture", "pixels", "pixel_values")
"""Names of the column of images, in any case, where several could hold them."""
ENDINGS = (".parquet", ".arrow")


@dataclass(frozen=True)
class Tables:
    """The files of a data set, by part."""

    train: list[Path]
    test: list[Path]
    """Empty if there is no such part."""
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unpacked:
    """Encoded pictures, unpacked into files."""

    root: Path
    train: Pictures
    test: Pictures | None
    said: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are used."""

    images: tuple[str, ...]
    """One column, or one for each pixel."""
    label: str | None
    names: tuple[str, ...]
    """Names of the classes that whole numbers stand for; empty if they are not known."""
    encoded: bool
    """Whether the images are picture files, not pixels."""


def find(path: Path) -> Tables:
    """Return the files at `path`, a file or a folder, divided by the parts that their names or folders name.

    Raises DataError if there are none, or if they are several data sets.
    """
    if path.is_file():
        other = path.with_name(path.name.replace("train", "test"))
        if other == path or not other.is_file():
            return Tables([path], [])
        return Tables([path], [other], (f"Scores compare with the images in {other}.",))
    if not path.is_dir():
        raise DataError(f"There is no file or folder {path}: pass a .parquet file, or a folder of them.")
    files = sorted(
        (file for ending in ENDINGS for file in path.rglob(f"*{ending}") if not file.name.startswith((".", "cache-"))),
        key=lambda file: natural(file.relative_to(path).as_posix()),
    )
    if not files:
        raise DataError(f"{path} holds no .parquet or .arrow files.")
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(_part(file.relative_to(path)), []).append(file)
    training = found.get("train") or found.get("")
    if training is None:
        raise DataError(f"{path} holds no training part, but {', '.join(sorted(found))}: pass the file to train on.")
    sets = {file.relative_to(path).parts[0] for file in training if len(file.relative_to(path).parts) > 1}
    sets -= {each for each in sets if part_of(each) or each == "data"}
    if len(sets) > 1:
        raise DataError(f"{path} holds several data sets ({', '.join(sorted(sets))}): add the name of one to the path.")
    test = found.get("test") or found.get("validation") or [] if "train" in found else []
    if not test:
        return Tables(training, [])
    more = f" and {len(test) - 1} more files" if len(test) > 1 else ""
    return Tables(training, test, (f"Scores compare with the images in {test[0]}{more}.",))


def load(tables: Tables, where: str, console: Console | None) -> Parts | Unpacked:
    """Read the tables. where: what the user calls them, for messages.

    Raises DataError if pyarrow is missing, a file is damaged, or there is no column of images.
    """
    try:
        import pyarrow as arrow
    except ImportError as error:
        raise DataError('Parquet and Arrow files need pyarrow: pip install "digitforge[data]".') from error
    try:
        columns = _columns(_open(tables.train[0])[0], tables.train[0])
        train_labels, test_labels = (_labels(files, columns) for files in (tables.train, tables.test))
        if columns.encoded:
            return _unpack(tables, columns, where, (train_labels, test_labels), console)
        test = (_pixels(tables.test, columns, console), test_labels) if tables.test else None
        return parts(where, (_pixels(tables.train, columns, console), train_labels), test, tables.said, first_row=1)
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"{where} is damaged, or not a Parquet file ({reason}).") from error


def _part(path: Path) -> str:
    """Return the part that a file belongs to, "train", "test" or "validation", by its name or folders; else ""."""
    for word in reversed(re.split(r"[^a-z]+", path.with_suffix("").as_posix().lower())):
        if part := part_of(word):
            return part
    return ""


def _open(path: Path) -> tuple[Any, Any]:
    """Return the schema of a file, and the open file."""
    import pyarrow as arrow
    import pyarrow.parquet

    if path.suffix == ".arrow":
        reader = arrow.ipc.open_stream(arrow.memory_map(str(path)))
        return reader.schema, reader
    file = pyarrow.parquet.ParquetFile(path)
    return file.schema_arrow, file


def _batches(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of some columns, as record batches."""
    schema, file = _open(path)
    if missing := [name for name in columns if name not in schema.names]:
        raise DataError(f"{path} has no column {missing[0]!r}, which the files beside it have.")
    if path.suffix == ".arrow":
        yield from (batch.select(list(columns)) for batch in file)
    else:
        yield from file.iter_batches(BATCH, columns=list(columns))


def _columns(schema: Any, path: Path) -> Columns:
    """Find the columns of images and labels by the types of `schema`. Raises DataError if there are no images."""
    features = _features(schema)
    kinds = {field.name: _kind(field.type) for field in schema}
    kinds |= {name: "encoded" for name, feature in features.items() if feature.get("_type") == "Image"}
    label = _label(kinds, features)
    names = tuple(map(str, features.get(label or "", {}).get("names") or ()))
    for kind in ("encoded", "bytes", "pixels"):
        if among := [name for name in kinds if kinds[name] == kind and name != label]:
            among.sort(key=lambda name: (name.lower() not in IMAGES, kinds[name] != "encoded"))
            return Columns((among[0],), label, names, encoded=kind != "pixels")
    numbers = tuple(name for name in kinds if kinds[name] in ("whole", "real") and name != label)
    if len(numbers) >= 16:  # a column for each pixel
        return Columns(numbers, label, names, encoded=False)
    listed = ", ".join(f"{field.name} ({field.type})" for field in list(schema)[:6])
    raise DataError(f"{path} has no column of images, but {listed}{', ...' if len(schema) > 6 else ''}.")


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """Return what `datasets` says about the columns, by name."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: feature for name, feature in found.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _kind(kind: Any) -> str:
    """Return what a column of this type can hold: pictures, bytes, pixels, whole or real numbers, text; else ""."""
    from pyarrow import types

    if isinstance(kind, types.lib.BaseExtensionType):
        kind = kind.storage_type
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return "encoded" if any(field.name == "bytes" for field in kind) else ""
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "bytes"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return "pixels" if _kind(kind.value_type) in ("pixels", "whole", "real") else ""
    if types.is_integer(kind) or types.is_boolean(kind):
        return "whole"
    if types.is_floating(kind):
        return "real"
    return "text" if types.is_string(kind) or types.is_large_string(kind) else ""


def _label(kinds: dict[str, str], features: dict[str, dict[str, Any]]) -> str | None:
    """Return the column of labels: the one that says so, is called so, or is the only one that can be."""
    able = [name for name, kind in kinds.items() if kind in ("whole", "real", "text")]
    said = [name for name in able if features.get(name, {}).get("_type") == "ClassLabel"]
    called = [name for name in able if name.lower() in LABELS]
    whole = [name for name in able if kinds[name] == "whole" and not name.startswith("__index")]
    for among in (said, called, whole if len(able) < 16 and len(whole) == 1 else []):
        if among:
            return among[0]
    return None


def _labels(files: list[Path], columns: Columns) -> npt.NDArray[Any] | None:
    """Return the labels of all rows: numbers, or text; -1 or "" for a row without one. None if there are none."""
    if columns.label is None or not files:
        return None
    values: list[Any] = []
    for path in files:
        for batch in _batches(path, [columns.label]):
            values += batch.column(0).to_pylist()
    if columns.names:
        for row, value in enumerate(values, 1):
            if value is not None and not -1 <= value < len(columns.names):
                raise DataError(
                    f"The label {value} in row {row:,} of {files[0]} is none of the {len(columns.names)} classes that "
                    "the file names: correct it."
                )
        return np.array(["" if value in (None, -1) else columns.names[value] for value in values])
    if any(isinstance(value, str) for value in values):
        return np.array([value or "" for value in values])
    return np.array([-1 if value is None else value for value in values])


def _pixels(files: list[Path], columns: Columns, console: Console | None) -> npt.NDArray[Any]:
    """Return the images of all rows, in the shape of a cell, or as rows of pixels."""
    images: list[npt.NDArray[Any]] = []
    with bar(console, "Reading images") as progress:
        for path in files:
            for batch in _batches(path, columns.images):
                if len(columns.images) > 1:
                    images.append(np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns], 1))
                else:
                    try:
                        images.append(np.array(batch.column(0).to_pylist()))
                    except ValueError as error:  # ragged
                        raise DataError(f"The images in {path} are not all of the same size.") from error
                progress.advance(len(batch))
    if len({image.shape[1:] for image in images}) != 1:
        raise DataError(f"The images in {files[0]} are not all of the same size.")
    whole = np.concatenate(images)
    if whole.dtype == object:
        raise DataError(f"The column {columns.images[0]} of {files[0]} has empty cells.")
    return whole


def _unpack(
    tables: Tables,
    columns: Columns,
    where: str,
    labels: tuple[npt.NDArray[Any] | None, npt.NDArray[Any] | None],
    console: Console | None,
) -> Unpacked:
    """Write each picture to a file in the cache folder, called by its table and row, unless they are there already."""
    folder = archive.place([*tables.train, *tables.test], "pictures")
    if not folder.is_dir():
        with archive.filling(folder) as made, bar(console, "Unpacking pictures") as progress:
            for part, files in (("train", tables.train), ("test", tables.test)):
                (made / part).mkdir()
                names: list[str] = []
                for path in files:
                    rows = 0
                    for batch in _batches(path, columns.images):
                        for cell in batch.column(0).to_pylist():
                            rows += 1
                            names.append(f"{part}/{path.stem} row {rows}")
                            (made / names[-1]).write_bytes(_content(cell, path))
                        progress.advance(len(batch))
                (made / f"{part}.json").write_text(json.dumps(names), encoding="utf-8")
    train, test = (json.loads((folder / f"{part}.json").read_text(encoding="utf-8")) for part in ("train", "test"))
    if not train:
        raise DataError(f"{where} has no rows.")
    classes, numbers = to_labels(labels[0], len(train), where, first_row=1)
    pictures = Pictures(train, numbers.tolist(), classes)
    if not test:
        return Unpacked(folder, pictures, None, tables.said)
    own, numbers = to_labels(labels[1], len(test), where, first_row=1)
    if classes and not own:
        return Unpacked(folder, pictures, None, (f"The test images in {where} have no labels and are not used.",))
    return Unpacked(
        folder, pictures, Pictures(test, align(own, numbers, classes, where).tolist(), classes), tables.said
    )


def _content(cell: Any, path: Path) -> bytes:
    """Return the picture file in a cell; nothing, which counts as unreadable, if there is none."""
    if isinstance(cell, dict):
        beside = path.parent / str(cell.get("path") or "")
        cell = cell.get("bytes") or (beside.read_bytes() if beside.is_file() else None)
    return cell if isinstance(cell, bytes) else b""
