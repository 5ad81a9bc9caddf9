"""CIFAR-10 in its binary version: records of one label byte and 3x32x32 pixels. (The other version is a pickle.)"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitforge import places
from digitforge.errors import DataError
from trainer.data.downloads import download

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-bin"
FILES = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}
RECORDS = 10_000
"""Number of records in each file."""
RECORD_BYTES = 1 + 3 * 32 * 32
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"


def load(data_dir: Path | None, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None:
    """Return images [count, 3, 32, 32] and labels [count], or None if they were neither found nor downloaded.

    No hash of the unpacked files is published, so their sizes and labels are checked; a run records the hash of what
    it trained on. Raises DataError if the files are damaged.
    """
    folder = _find(data_dir)
    if folder is None:
        if not download(_download):
            return None
        folder = places.cache_folder() / FOLDER
    records = np.concatenate([_read(folder / name) for name in FILES[split]])
    images = np.ascontiguousarray(records[:, 1:]).reshape(-1, 3, 32, 32)
    return images, records[:, 0].astype(np.int64)


def _find(data_dir: Path | None) -> Path | None:
    for root in places.roots(data_dir):
        for folder in (root / FOLDER, root):
            if any((folder / name).is_file() for names in FILES.values() for name in names):
                return folder
    return None


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


def _download() -> None:
    from torchvision.datasets.utils import download_and_extract_archive

    cache = places.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{FOLDER}.") as temporary:
        download_and_extract_archive(URL, temporary, md5=MD5)
        (Path(temporary) / FOLDER).rename(cache / FOLDER)
