"""MNIST and the data sets modelled on it: 28x28 grey images in IDX files, in torchvision's folders."""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitforge import idx, places
from digitforge.datasets import LICENCES
from digitforge.errors import DataError

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Member:
    """A row of `MEMBERS`."""

    title: str
    folder: str
    """torchvision's folder and class of this name; the files are in its subfolder `raw`."""
    licence: str
    """See `datasets.Dataset.licence`."""
    counts: dict[str, tuple[int, ...]]
    """Number of images by split; several if there are several editions."""
    files: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            split: (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
            for split, prefix in (("train", "train"), ("test", "t10k"))
        }
    )
    """File names of images and labels by split."""
    classes: tuple[str, ...] = DIGITS
    sha256: dict[str, str] = field(default_factory=dict)
    """Hashes of the unpacked files.

    Only MNIST's are known. The others are checked by count and file size; a run records the hash of what it trained on.
    """
    first_label: int = 0
    label_columns: int = 0
    """Number of columns of the labels, of which the first is the class; 0 if they have no columns."""
    transposed: bool = False
    """Whether the images are stored column by column."""

    def names(self) -> list[str]:
        """Return the names of all files."""
        return [name for pair in self.files.values() for name in pair]


def _emnist(what: str, counts: dict[str, tuple[int, ...]], classes: tuple[str, ...], first_label: int) -> Member:
    names = {
        split: (f"emnist-{what}-{split}-images-idx3-ubyte", f"emnist-{what}-{split}-labels-idx1-ubyte")
        for split in ("train", "test")
    }
    return Member(f"EMNIST {what}", "EMNIST", EMNIST, counts, names, classes, first_label=first_label, transposed=True)


EMNIST = LICENCES["emnist-digits"]
COUNTS: dict[str, tuple[int, ...]] = {"train": (60_000,), "test": (10_000,)}
MEMBERS = {
    "mnist": Member("MNIST", "MNIST", LICENCES["mnist"], COUNTS, sha256={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }),
    "fashion-mnist": Member("Fashion-MNIST", "FashionMNIST", LICENCES["fashion-mnist"], COUNTS, classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )),
    "kmnist": Member("KMNIST", "KMNIST", LICENCES["kmnist"], COUNTS, classes=(
        "o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo",
    )),
    "emnist-digits": _emnist("digits", {"train": (240_000,), "test": (40_000,)}, DIGITS, 0),
    # The first edition had fewer.
    "emnist-letters": _emnist(
        "letters", {"train": (124_800, 88_800), "test": (20_800, 14_800)}, tuple(string.ascii_lowercase), 1
    ),
    "qmnist": Member("QMNIST", "QMNIST", LICENCES["qmnist"], {"train": (60_000,), "test": (60_000,)}, {
        split: (f"qmnist-{split}-images-idx3-ubyte", f"qmnist-{split}-labels-idx2-int") for split in ("train", "test")
    }, label_columns=8),
}  # fmt: skip


def find(name: str, data_dir: Path | None) -> Path | None:
    """Return the first folder that holds any of the data set's files, without using the network; None if none does."""
    member = MEMBERS[name]
    for root in places.roots(data_dir):
        # Files named like MNIST's belong to another member only if its folder says so.
        shared = name != "mnist" and member.files == MEMBERS["mnist"].files
        within = [root / "raw", root] if root.resolve().name == member.folder else [] if shared else [root]
        for folder in (root / member.folder / "raw", root / member.folder, *within):
            if any(idx.find(folder / file) for file in member.names()):
                return folder
    return None


def read(name: str, folder: Path, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images [count, 1, 28, 28] and labels [count] of a member from the folder of its files.

    split: "train" or "test". Raises DataError if a file is missing or damaged, or belongs to another data set.
    """
    member = MEMBERS[name]
    images_file, labels_file = (folder / file for file in member.files[split])
    images = idx.read(images_file, (28, 28), member.title, sha256=member.sha256.get(images_file.name, ""))
    if member.label_columns:
        labels = idx.read(labels_file, (member.label_columns,), member.title, ">i4")[:, 0]
    else:
        labels = idx.read(labels_file, (), member.title, sha256=member.sha256.get(labels_file.name, ""))
    labels = labels.astype(np.int64) - member.first_label
    if len(images) not in member.counts[split] or len(labels) != len(images):
        raise DataError(
            f"{folder} is not {member.title}: it has {len(images):,} images and {len(labels):,} labels in "
            f"{images_file.name} and {labels_file.name}, not {member.counts[split][0]:,}: download both again."
        )
    if not 0 <= labels.min() <= labels.max() < len(member.classes):
        raise DataError(
            f"{labels_file} contains labels that do not exist in {member.title}: delete it and download it again."
        )
    if member.transposed:
        images = images.transpose(0, 2, 1)
    return np.ascontiguousarray(images)[:, None], labels
