"""Data sets by name: where they are looked for, how they are checked, what they hold.

MNIST is looked for in the given folder, in $DIGITFORGE_DATA, in the user's cache folder, and then downloaded there
by torchvision with its checksums. The embedded digits (scikit-learn's 1,797 scans) need neither disk nor network.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

from trainer.config import ImageFormat
from trainer.errors import DataError

DIGITS = tuple("0123456789")
# SHA-256 of the published IDX files, unpacked.
MNIST_FILES = {
    "train": (
        ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ),
    "test": (
        ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
}
DOWNLOAD_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Source:
    """Labelled images in memory."""

    dataset: str
    """The name that it can be asked for by."""
    images: npt.NDArray[np.uint8]
    """[count, channels, size, size]."""
    labels: npt.NDArray[np.int64]
    """[count]."""
    format: ImageFormat
    fell_back: bool = False
    """Whether `auto` took the embedded digits because MNIST was out of reach."""

    @cached_property
    def sha256(self) -> str:
        """Hash of images and labels: two runs with the same hash saw the same data."""
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()


def load(dataset: str, data_dir: Path | None, split: str = "train") -> Source:
    """The images of `dataset` ("auto", "mnist" or "sklearn-digits"); split is "train" or "test".

    Only `auto` falls back to the embedded digits. Raises DataError where MNIST is out of reach or damaged.
    """
    if dataset == "sklearn-digits":
        return _load_sklearn_digits(fell_back=False)
    folder = find_mnist(data_dir)
    if folder is None or (folder == _cached_mnist() and not _complete(folder)):
        folder = _download_mnist()  # what a broken download left in the cache is completed
    if folder is not None:
        return _load_mnist(folder, split)
    if dataset == "auto":
        return _load_sklearn_digits(fell_back=True)
    raise DataError(
        "MNIST was not found and could not be downloaded. Name the folder that holds it with --data-dir, "
        "or in $DIGITFORGE_DATA, or connect to a network once; or train with --dataset sklearn-digits."
    )


def cache_folder() -> Path:
    """Where downloads go."""
    return Path(platformdirs.user_cache_dir("digitforge"))


def _cached_mnist() -> Path:
    return cache_folder() / "MNIST" / "raw"


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for files in MNIST_FILES.values() for name, _ in files)


def find_mnist(data_dir: Path | None) -> Path | None:
    """The first folder that holds any of MNIST's files, without asking the network; None where there is none."""
    for folder in _candidate_folders(data_dir):
        if any((folder / name).exists() for files in MNIST_FILES.values() for name, _ in files):
            return folder
    return None


def _candidate_folders(data_dir: Path | None) -> Iterator[Path]:
    environment = os.environ.get("DIGITFORGE_DATA")
    for root in (data_dir, Path(environment) if environment else None, cache_folder()):
        if root is not None:
            yield from (root / "MNIST" / "raw", root)


def _download_mnist() -> Path | None:
    from torchvision.datasets import MNIST

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)  # torchvision sets none: a silent network would hang
    try:
        MNIST(str(cache_folder()), download=True)
    except (OSError, RuntimeError):
        return None
    finally:
        socket.setdefaulttimeout(timeout)
    return _cached_mnist()


def _load_mnist(folder: Path, split: str) -> Source:
    (images_name, images_sha256), (labels_name, labels_sha256) = MNIST_FILES[split]
    images = _read_checked(folder / images_name, images_sha256)[16:].reshape(-1, 1, 28, 28)
    labels = _read_checked(folder / labels_name, labels_sha256)[8:].astype(np.int64)
    return Source("mnist", images, labels, ImageFormat(1, 28, DIGITS))


def _read_checked(path: Path, sha256: str) -> npt.NDArray[np.uint8]:
    if not path.is_file():
        raise DataError(f"{path.parent} holds a part of MNIST, but {path.name} is missing: fetch it again.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({(error.strerror or str(error)).lower()}).") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(
            f"{path} is truncated or not MNIST ({len(content):,} bytes, wrong checksum): delete it and fetch it again."
        )
    return np.frombuffer(content, np.uint8)


def _load_sklearn_digits(fell_back: bool) -> Source:
    from PIL import Image
    from sklearn.datasets import load_digits

    scans = load_digits()
    images = np.zeros((len(scans.target), 1, 28, 28), np.uint8)
    for image, scan in zip(images, scans.images, strict=True):
        # 8x8 in 17 levels -> 20x20 in the middle of 28x28, where MNIST has its digits too.
        enlarged = Image.fromarray((scan / 16 * 255).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
        image[0, 4:24, 4:24] = np.asarray(enlarged)
    return Source("sklearn-digits", images, scans.target.astype(np.int64), ImageFormat(1, 28, DIGITS), fell_back)
