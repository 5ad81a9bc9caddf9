"""What exported files say about data sets: their licences, and names without the paths of this machine."""

from __future__ import annotations

from pathlib import PureWindowsPath

PATHS = ("folder:", "zip:", "npz:", "csv:", "parquet:", "hf:")
"""Prefixes of the data sets that are the user's own files, as in `--dataset folder:PATH`."""
_MNIST = "MNIST (Y. LeCun, C. Cortes, C. Burges), CC BY-SA 3.0"
_EMNIST = "EMNIST (G. Cohen et al.), no licence stated"
LICENCES = {
    "mnist": _MNIST,
    "fashion-mnist": "Fashion-MNIST (Zalando SE), MIT",
    "kmnist": "KMNIST (CODH), CC BY-SA 4.0",
    "emnist-digits": _EMNIST,
    "emnist-letters": _EMNIST,
    "qmnist": "QMNIST (C. Yadav, L. Bottou), BSD",
    "cifar10": "CIFAR-10 (A. Krizhevsky), no licence stated",
    "stacked-mnist": _MNIST,
    "sklearn-digits": "the UCI optical digits (E. Alpaydin, C. Kaynak), CC BY 4.0",
}
"""Who made the images of each named data set, and under which licence."""


def path_of(dataset: str) -> str:
    """Return the path of a data set that is the user's own; empty for a named one."""
    prefix = next(filter(dataset.startswith, PATHS), dataset)
    return dataset.removeprefix(prefix)


def public_name(dataset: str) -> str:
    """Return the data set's name without the path of its files, for files that may leave this machine."""
    path = path_of(dataset)
    if not path:
        return dataset
    name = PureWindowsPath(path).name  # cuts at both kinds of slashes
    return dataset.removesuffix(path) + (name if name.strip(".") else "folder")
