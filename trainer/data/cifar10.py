"""Load CIFAR-10, which is downloaded where it is not on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitforge import cifar, places
from trainer.data.downloads import download

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"


def load(data_dir: Path | None, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None:
    """Return images [count, 3, 32, 32] and labels [count], or None if they were neither found nor downloaded.

    Raises DataError if the files are damaged.
    """
    folder = cifar.find(data_dir)
    if folder is None:
        if not download(_download):
            return None
        folder = places.cache_folder() / cifar.FOLDER
    return cifar.read(folder, split)


def _download() -> None:
    from torchvision.datasets.utils import download_and_extract_archive

    cache = places.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{cifar.FOLDER}.") as temporary:
        download_and_extract_archive(URL, temporary, md5=MD5)
        (Path(temporary) / cifar.FOLDER).rename(cache / cifar.FOLDER)
