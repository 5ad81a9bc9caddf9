"""IDX files, the format of MNIST and its relatives: big-endian arrays after a short header."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digitforge.errors import DataError

TYPES = {"u1": 8, ">i4": 12}
"""The type codes of the format, by numpy type."""


def find(path: Path) -> Path | None:
    """Return the file, under one of the names it is distributed with; None if there is none.

    It may be packed (.gz), have a dot for its last-but-one dash (train-images.idx3-ubyte), or be alone in a folder of
    its name, as in Kaggle's archives.
    """
    for name in (path.name, path.name.replace("-idx", ".idx")):
        for candidate in (path.with_name(name), path.with_name(f"{name}.gz"), path.with_name(name) / name):
            if candidate.is_file():
                return candidate
    return None


def read(path: Path, item_shape: tuple[int, ...], title: str, dtype: str = "u1", sha256: str = "") -> npt.NDArray[Any]:
    """Return the array [count, *item_shape] in the file that `find` returns for `path`.

    title: the data set, for messages. sha256: hash of the unpacked file; empty: not checked. Raises DataError.
    """
    found = find(path)
    if found is None:
        raise DataError(f"{path.parent} holds a part of {title}, but {path.name} is missing: download it again.")
    path, content = found, _content(found)
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        problem = f"is truncated or not {title} ({len(content):,} bytes, wrong checksum)"
        raise DataError(f"{path} {problem}: delete it and download it again.")
    # Two zero bytes, the type, the number of axes; the length of each axis in four bytes; the values.
    axes = 1 + len(item_shape)
    start = 4 + 4 * axes
    lengths = tuple(np.frombuffer(content[4:start], ">u4").tolist()) if len(content) >= start else ()
    if content[:4] != bytes([0, 0, TYPES[dtype], axes]) or lengths[1:] != item_shape:
        raise DataError(f"{path} is not a file of {title}: delete it and download it again.")
    size = start + math.prod(lengths) * np.dtype(dtype).itemsize
    if len(content) != size:
        problem = f"is truncated or damaged ({len(content):,} bytes, not {size:,})"
        raise DataError(f"{path} {problem}: delete it and download it again.")
    return np.frombuffer(content, dtype, offset=start).reshape(lengths)


def _content(path: Path) -> bytes:
    """Return the unpacked content. Whether it is packed shows in its first bytes: names are not always right."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is truncated or damaged: delete it and download it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({(error.strerror or str(error)).lower()}).") from error
