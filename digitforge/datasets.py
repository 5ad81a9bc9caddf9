"""What exported files say about data sets: their licences, and names without the paths of this machine."""

from __future__ import annotations

from pathlib import PureWindowsPath

FOLDER = "folder:"
"""Prefix of a data set that is a folder of pictures, as in `--dataset folder:PATH`."""
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


def public_name(dataset: str) -> str:
    """Return the data set's name without the path of its folder, for files that may leave this machine."""
    if not dataset.startswith(FOLDER):
        return dataset
    name = PureWindowsPath(dataset.removeprefix(FOLDER)).name  # cuts at both kinds of slashes
    return FOLDER + (name if name.strip(".") else "folder")
