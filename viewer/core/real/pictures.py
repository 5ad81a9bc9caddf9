"""The real pictures that a generator learned from, where they lie on the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from digitforge import mnist
from digitforge.errors import DataError
from export.contract import GeneratorInfo
from export.runtime.arrays import Int64, UInt8

ASSUMED = "mnist"
"""What the digits of a generator whose file names no data set are compared with."""


@dataclass(frozen=True)
class RealPictures:
    """The training images of a data set."""

    title: str
    """The data set's name for people, such as "Fashion-MNIST"."""
    pixels: UInt8
    """[n, height, width]."""
    labels: Int64
    """[n], in the order of `classes`."""
    classes: tuple[str, ...]
    assumed: bool = False
    """Whether the generator's file does not say that it learned from them."""


def load(info: GeneratorInfo) -> RealPictures:
    """Read the training images of the data set that a generator's file names.

    They are looked for in $DIGITFORGE_DATA and in the user's cache folder, as the trainer does. If the generator has
    only some of the classes, so has the result. Raises DataError, whose message is one sentence, if they are not
    there, are damaged, or are of another kind than the generator's pictures.
    """
    named = info.provenance.get("dataset", "")
    digits = set(info.classes) <= set(mnist.DIGITS)
    name = named or (ASSUMED if digits and _shape(info) == (1, 28, 28) else "")
    if not name:
        raise DataError("The file of this generator does not say which pictures it learned from.")
    if (member := mnist.MEMBERS.get(name)) is None:
        raise DataError(f"This generator learned from {name}; only MNIST and data sets like it can be compared here.")
    if _shape(info) != (1, 28, 28):
        raise DataError(
            f"The generator's pictures have {info.width}x{info.height} pixels and {member.title}'s have 28x28, so they "
            "cannot be compared."
        )
    folder = mnist.find(name, None)
    if folder is None:
        raise DataError(
            f"The pictures of {member.title} are not on this computer: set the environment variable DIGITFORGE_DATA to "
            f"the folder that holds {member.folder}/raw/{member.files['train'][0]}, or train once with "
            f"--dataset {name}, which downloads them."
        )
    images, labels = mnist.read(name, folder, "train")
    pixels, classes = images[:, 0], member.classes
    if info.classes and set(info.classes) < set(classes):
        kept = np.isin(labels, [classes.index(one) for one in info.classes])
        pixels, labels = pixels[kept], labels[kept]
    if _setting(info, "invert") == "true":
        pixels = 255 - pixels
    return RealPictures(member.title, pixels, labels, classes, assumed=not named)


def _shape(info: GeneratorInfo) -> tuple[int, int, int]:
    return info.channels, info.height, info.width


def _setting(info: GeneratorInfo, name: str) -> object:
    """Return a setting of the training from the generator's file; None if the file does not say it."""
    try:
        settings = json.loads(info.provenance.get("config", ""))
    except (ValueError, RecursionError):
        return None
    return settings.get(name) if isinstance(settings, dict) else None
