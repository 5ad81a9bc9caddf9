"""Read NumPy's files, without the pickled objects that they may hold."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from digitforge.errors import explain_read

MAGIC = b"\x93NUMPY"
"""First bytes of a `.npy` file."""
DAMAGED = (ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError)
"""What NumPy raises for files that are no arrays."""


class NotArrays(Exception):
    """A file cannot be read as arrays. The message is the rest of a sentence that begins with the file's name."""


def read_arrays(path: Path, most_bytes: float = math.inf) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a `.npz` file by name, or that of a `.npy` file as "arr_0", as `np.savez` calls it.

    Raises NotArrays if the file cannot be read, is damaged, holds pickled objects, or unpacks to more than
    `most_bytes`.
    """
    try:
        with path.open("rb") as file:  # np.load would leave a damaged file open
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    size = sum(member.file_size for member in archive.infolist())
                if size > most_bytes:
                    raise NotArrays(f"holds arrays of {size >> 20:,} MiB, more than the free memory")
            elif not _begins_as_array(file):  # which NumPy would take for a pickle
                raise NotArrays("is damaged, or not a file of NumPy arrays")
            file.seek(0)
            opened = np.load(file, allow_pickle=False)
            return {"arr_0": opened} if isinstance(opened, np.ndarray) else dict(opened.items())
    except DAMAGED as error:
        if "pickle" in str(error).lower():
            raise NotArrays("holds pickled objects, which digitforge never loads: save plain arrays") from None
        raise NotArrays("is damaged, or not a file of NumPy arrays") from error
    except OSError as error:
        raise NotArrays(f"cannot be read: {explain_read(error).rstrip('.')}") from error


def _begins_as_array(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(MAGIC)) == MAGIC
