"""CIFAR-10 in its binary version: records of one label byte and 3x32x32 pixels. (The other version is a pickle.)"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitforge import places
from digitforge.errors import DataError

CLASSES: tuple[str, ...] = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-bin"
FILES = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}
RECORDS = 10_000
"""Number of records in each file."""
RECORD_BYTES = 1 + 3 * 32 * 32


def find(data_dir: Path | None) -> Path | None:
    """Return the first folder that holds any of the files, without using the network; None if none does."""
    for root in places.roots(data_dir):
        for folder in (root / FOLDER, root):
            if any((folder / name).is_file() for names in FILES.values() for name in names):
                return folder
    return None


def read(folder: Path, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images [count, 3, 32, 32] and labels [count] from the folder of the files.

    split: "train" or "test". No hash of the unpacked files is published, so their sizes and labels are checked; a run
    records the hash of what it trained on. Raises DataError if a file is missing or damaged.
    """
    records = np.concatenate([_read(folder / name) for name in FILES[split]])
    images = np.ascontiguousarray(records[:, 1:]).reshape(-1, 3, 32, 32)
    return images, records[:, 0].astype(np.int64)


def _read(path: Path) -> npt.NDArray[np.uint8]:
    """Return the records of a file, uint8 [RECORDS, RECORD_BYTES]."""
    if not path.is_file():
        raise DataError(f"{path.parent} holds a part of CIFAR-10, but {path.name} is missing: download it again.")
    content = np.frombuffer(path.read_bytes(), np.uint8)
    if content.size != RECORDS * RECORD_BYTES:
        raise DataError(
            f"{path} is truncated or damaged ({content.size:,} bytes, not {RECORDS * RECORD_BYTES:,}): "
            "delete it and download it again."
        )
    records = content.reshape(-1, RECORD_BYTES)
    if records[:, 0].max() >= len(CLASSES):
        raise DataError(f"{path} contains labels that do not exist in CIFAR-10: delete it and download it again.")
    return records
