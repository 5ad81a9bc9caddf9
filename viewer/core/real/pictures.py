"""The real pictures that a generator learned from, where they lie on the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial

import numpy as np

from digitforge import cifar, mnist, places, stores
from digitforge.datasets import path_of
from digitforge.errors import DataError
from export.contract import GeneratorInfo
from export.runtime.arrays import Int64, UInt8

ASSUMED = "mnist"
"""What the digits of a generator whose file names no data set are compared with."""
DECODED = ("folder:", "zip:", "parquet:", "hf:")
"""Data sets whose pictures a training keeps decoded in the cache folder."""


@dataclass(frozen=True)
class RealPictures:
    """The training images of a data set."""

    title: str
    """The data set's name for people, such as "Fashion-MNIST"."""
    pixels: UInt8
    """[n, height, width] (grey) or [n, height, width, 3]."""
    labels: Int64
    """[n], in the order of `classes`."""
    classes: tuple[str, ...]
    """The empty string stands for pictures without a class."""
    assumed: bool = False
    """Whether the generator's file does not say that it learned from them."""


def load(info: GeneratorInfo) -> RealPictures:
    """Read the training images of the data set that a generator's file names.

    They are looked for in $DIGITFORGE_DATA and in the user's cache folder, as the trainer does. Pictures of the user's
    own are those that the training has decoded there. If the generator has only some of the classes, so has the
    result. Raises DataError, whose message is one sentence, if they are not there, are damaged, or are of another kind
    than the generator's pictures.
    """
    named = info.provenance.get("dataset", "")
    digits = set(info.classes) <= set(mnist.DIGITS)
    name = named or (ASSUMED if digits and _shape(info) == (1, 28, 28) else "")
    if not name:
        raise DataError("The file of this generator does not say which pictures it learned from.")
    if name.startswith(DECODED):
        return _decoded(info, name)
    if name not in mnist.MEMBERS and name != "cifar10":
        raise DataError(
            f"This generator learned from {name}; only MNIST, data sets like it, CIFAR-10, and pictures in folders can "
            "be compared here."
        )
    title, images, labels, classes = _named(info, name)
    if info.classes and set(info.classes) < set(classes):
        kept = np.isin(labels, [classes.index(one) for one in info.classes])
        images, labels = images[kept], labels[kept]
    if _setting(info, "invert") == "true":
        images = 255 - images
    return RealPictures(title, _as_pixels(images), labels, classes, assumed=not named)


def _named(info: GeneratorInfo, name: str) -> tuple[str, UInt8, Int64, tuple[str, ...]]:
    """Return title, images [n, C, H, W], labels and classes of a data set that has a name."""
    if name == "cifar10":
        title, first = "CIFAR-10", f"{cifar.FOLDER}/{cifar.FILES['train'][0]}"
        shape, classes, folder, read = (3, 32, 32), cifar.CLASSES, cifar.find(None), cifar.read
    else:
        member = mnist.MEMBERS[name]
        title, first = member.title, f"{member.folder}/raw/{member.files['train'][0]}"
        shape, classes, folder, read = (1, 28, 28), member.classes, mnist.find(name, None), partial(mnist.read, name)
    if _shape(info) != shape:
        raise DataError(
            f"The generator's pictures are {_described(_shape(info))} and {title}'s are {_described(shape)}, so they "
            "cannot be compared."
        )
    if folder is None:
        raise DataError(
            f"The pictures of {title} are not on this computer: set the environment variable DIGITFORGE_DATA to the "
            f"folder that holds {first}, or train once with --dataset {name}, which downloads them."
        )
    return title, *read(folder, "train"), classes


def _decoded(info: GeneratorInfo, name: str) -> RealPictures:
    """Return pictures of the user's own, exactly as a training on this computer has decoded them."""
    found = stores.find(info.provenance.get("data_sha256", ""))
    if found is None or found[0].shape[1:] != _shape(info) or found[1].max() >= max(1, len(info.classes)):
        raise DataError(
            f"The pictures of {name}, as the training decoded them, are not in the cache folder of this computer, "
            f"{places.cache_folder()}."
        )
    images, labels = found
    classes = (*info.classes, "")
    labels = np.where((labels < 0) | (not info.classes), len(info.classes), labels)
    return RealPictures(path_of(name), _as_pixels(images), labels, classes)


def _as_pixels(images: UInt8) -> UInt8:
    """Return images [n, C, H, W] as pixels [n, H, W] or [n, H, W, 3]."""
    return images[:, 0] if images.shape[1] == 1 else np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def _described(shape: tuple[int, int, int]) -> str:
    return f"{shape[2]}x{shape[1]} in {'colour' if shape[0] == 3 else 'grey'}"


def _shape(info: GeneratorInfo) -> tuple[int, int, int]:
    return info.channels, info.height, info.width


def _setting(info: GeneratorInfo, name: str) -> object:
    """Return a setting of the training from the generator's file; None if the file does not say it."""
    try:
        settings = json.loads(info.provenance.get("config", ""))
    except (ValueError, RecursionError):
        return None
    return settings.get(name) if isinstance(settings, dict) else None
