"""Arrays saved by numpy: digitforge's own data sets, Keras's `mnist.npz`, MedMNIST, and most others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import psutil

from digitforge.arrays import NotArrays, read_arrays
from digitforge.errors import DataError
from trainer.data.arrays.layout import Parts, parts

TRAIN = (("images", "labels"), ("x_train", "y_train"), ("train_images", "train_labels"), ("x", "y"), ("data", "target"),
         ("arr_0", "arr_1"))  # fmt: skip
"""Names of images and labels, in any case."""
TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("x_val", "y_val"), ("val_images", "val_labels"))


def load(path: Path) -> Parts:
    """Read a `.npz` file, or a `.npy` file of images alone.

    If no array has a known name, the one with the most numbers holds the images, and one that has as many rows and a
    single number in each the labels. Raises DataError if the file is damaged, pickled, or holds no images.
    """
    try:
        arrays = read_arrays(path, psutil.virtual_memory().available)
    except NotArrays as error:
        raise DataError(f"{path} {error}.") from error
    named = {name.lower(): name for name in arrays}
    said: tuple[str, ...] = ()
    found = _pair(named, TRAIN)
    if found is None:
        found = _guess(arrays, path)
        labels = f", and {found[1]} the labels" if found[1] else ""
        said = (f"In {path}, {found[0]} is taken to hold the images{labels}.",)
    test = _pair(named, TEST)
    return parts(str(path), _arrays(arrays, found), _arrays(arrays, test) if test else None, said)


def _pair(named: Mapping[str, str], pairs: tuple[tuple[str, str], ...]) -> tuple[str, str | None] | None:
    for images, labels in pairs:
        if images in named:
            return named[images], named.get(labels)
    return None


def _guess(arrays: Mapping[str, npt.NDArray[Any]], path: Path) -> tuple[str, str | None]:
    images = max((name for name in arrays if arrays[name].ndim >= 2), key=lambda name: arrays[name].size, default=None)
    if images is None:
        listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise DataError(f"{path} holds no array of images, but {listed}.")
    count = len(arrays[images])
    labels = [name for name, array in arrays.items() if name != images and array.size == count == len(array)]
    return images, labels[0] if len(labels) == 1 else None


def _arrays(
    arrays: Mapping[str, npt.NDArray[Any]], names: tuple[str, str | None]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    return arrays[names[0]], arrays[names[1]] if names[1] else None
