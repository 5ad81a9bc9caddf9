"""Load MNIST and its relatives, which are downloaded where they are not on the disk."""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from digitforge import files, idx, mnist, places
from trainer.data.downloads import download


def load(name: str, data_dir: Path | None, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None:
    """Return images [count, 1, 28, 28] and labels [count] of a member, or None if it was neither found nor downloaded.

    Raises DataError if it is damaged.
    """
    member = mnist.MEMBERS[name]
    folder, cached = mnist.find(name, data_dir), places.cache_folder() / member.folder / "raw"
    # An interrupted download in the cache is completed.
    if folder is None or (folder == cached and not all(idx.find(folder / file) for file in member.names())):
        if not download(lambda: _download(member, cached)):
            return None
        folder = cached
    return mnist.read(name, folder, split)


def _download(member: mnist.Member, folder: Path) -> None:
    from torchvision import datasets

    source = getattr(datasets, member.folder)
    if member.folder == "EMNIST":
        _fetch([source.url], folder / "gzip.zip", source.md5)
        _unpack_emnist(folder)
    elif member.folder == "QMNIST":
        for url, md5 in source.resources["train"] + source.resources["test"]:
            _fetch([url], folder / url.rpartition("/")[2], md5)
    else:
        for file, md5 in source.resources:
            _fetch([mirror + file for mirror in source.mirrors], folder / file, md5)


def _fetch(urls: list[str], path: Path, md5: str) -> None:
    from torchvision.datasets import utils

    if utils.check_integrity(path, md5):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    for url in urls:
        try:
            with TemporaryDirectory(dir=path.parent, prefix=".download.") as folder:
                utils.download_url(url, folder, path.name, md5)
                (Path(folder) / path.name).replace(path)
        except (OSError, RuntimeError):
            if url == urls[-1]:
                raise
        else:
            return


def _unpack_emnist(folder: Path) -> None:
    """Extract the two EMNIST members from the archive, which is four times as large, and delete it."""
    with zipfile.ZipFile(folder / "gzip.zip") as archive:
        for name in mnist.MEMBERS["emnist-digits"].names() + mnist.MEMBERS["emnist-letters"].names():
            with files.atomic_file(folder / f"{name}.gz") as temporary:
                temporary.write_bytes(archive.read(f"gzip/{name}.gz"))
    (folder / "gzip.zip").unlink()
