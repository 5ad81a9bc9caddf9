"""The real digits of "Real or forged?": test images of MNIST that come with digitforge.

`viewer/models/real_digits.md` says where they come from and under which licence.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from digitforge.bundled import BUNDLED_MODELS
from digitforge.errors import ExportError, explain_read
from export.runtime.arrays import Int64, UInt8

REAL_DIGITS = BUNDLED_MODELS / "real_digits.npz"
SIDE = 28


def load(path: Path = REAL_DIGITS) -> tuple[UInt8, Int64]:
    """Return the pictures, uint8 [n, 28, 28], and their labels, int64 [n]. Raises ExportError if they are damaged."""
    try:
        # np.load would leave a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            pixels, labels = archive["images"], archive["labels"].astype(np.int64)
    except FileNotFoundError as error:
        raise ExportError(f"There is no file {path}: install digitforge again.") from error
    except (ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ExportError(f"{path} is damaged: install digitforge again.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), SIDE, SIDE) or not len(labels):
        raise ExportError(f"{path} is damaged: install digitforge again.")
    return pixels, labels
