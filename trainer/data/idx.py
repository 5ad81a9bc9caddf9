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


def exists(path: Path) -> bool:
    """Whether the file exists, plain or as .gz."""
    return path.is_file() or _packed(path).is_file()


def read(path: Path, item_shape: tuple[int, ...], title: str, dtype: str = "u1", sha256: str = "") -> npt.NDArray[Any]:
    """Return the array [count, *item_shape] in `path`, or in `path`.gz if there is no such file.

    title: the data set, for messages. sha256: hash of the unpacked file; empty: not checked. Raises DataError.
    """
    content = _content(path, title)
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


def _packed(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def _content(path: Path, title: str) -> bytes:
    if not exists(path):
        raise DataError(f"{path.parent} holds a part of {title}, but {path.name} is missing: download it again.")
    try:
        return path.read_bytes() if path.is_file() else gzip.decompress(_packed(path).read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{_packed(path)} is truncated or damaged: delete it and download it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({(error.strerror or str(error)).lower()}).") from error
