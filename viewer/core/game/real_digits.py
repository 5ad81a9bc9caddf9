"""The real digits of "Real or forged?": test images of MNIST that come with digitforge.

`viewer/models/real_digits.md` says where they come from and under which licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitforge.arrays import NotArrays, read_arrays
from digitforge.bundled import BUNDLED_MODELS
from digitforge.errors import ExportError
from export.runtime.arrays import Int64, UInt8

REAL_DIGITS = BUNDLED_MODELS / "real_digits.npz"
SIDE = 28


def load(path: Path = REAL_DIGITS) -> tuple[UInt8, Int64]:
    """Return the pictures, uint8 [n, 28, 28], and their labels, int64 [n]. Raises ExportError if they are damaged."""
    if not path.is_file():
        raise ExportError(f"There is no file {path}: install digitforge again.")
    try:
        arrays = read_arrays(path)
    except NotArrays as error:
        raise ExportError(f"{path} {error}. Install digitforge again.") from error
    if not {"images", "labels"} <= arrays.keys():
        raise ExportError(f"{path} is damaged: install digitforge again.")
    pixels, labels = arrays["images"], arrays["labels"].astype(np.int64)
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), SIDE, SIDE) or not len(labels):
        raise ExportError(f"{path} is damaged: install digitforge again.")
    return pixels, labels
