"""Data sets by name, and what a run takes of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console

from digitforge.errors import ConfigError, DataError, nearest
from digitforge.progress import bar
from trainer.config import ImageFormat
from trainer.data import cifar, decode, embedded, folder, mnist_family, stacked, subset

FOLDER_SIZE = 32
"""Pixels on a side of a folder's pictures where no other size is asked for."""


@dataclass(frozen=True)
class Source:
    """Images, labelled or not, in memory or in a memory-mapped file."""

    dataset: str
    """The name that it can be asked for by."""
    images: npt.NDArray[np.uint8]
    """[count, channels, size, size]."""
    labels: npt.NDArray[np.int64]
    """[count]; zeros where the images have no classes."""
    format: ImageFormat
    fell_back: bool = False
    """Whether `auto` took the embedded digits because MNIST was out of reach."""
    known_sha256: str = ""
    """What `sha256` would come to, where it has been found already."""

    @cached_property
    def sha256(self) -> str:
        """Hash of images and labels: two runs with the same hash saw the same data."""
        if self.known_sha256:
            return self.known_sha256
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


def load(
    dataset: str,
    data_dir: Path | None,
    split: str = "train",
    *,
    classes: str = "",
    limit: int = 0,
    image_size: int = 0,
    console: Console | None = None,
) -> Source:
    """The images of a data set of `TrainConfig.dataset`; split is "train" or "test", which the embedded digits and
    folders do not distinguish.

    data_dir: where it is looked for first; then in $DIGITFORGE_DATA, in the user's cache folder, on the network.
    classes, limit: as `subset.choose` has it. image_size: in pixels; 0 keeps the set's own (a folder's: 32).
    console: where what takes long is shown and what is left out is named.

    Only `auto` falls back to the embedded digits. Raises DataError where images are out of reach or damaged,
    ConfigError for an unknown name or class, or a limit above what there is, OSError where nothing can be written to
    the cache folder.
    """
    if dataset.startswith("folder:"):
        root = Path(dataset.removeprefix("folder:")).expanduser()
        store = folder.load(root, classes, limit, image_size or FOLDER_SIZE, console)
        channels, size = store.images.shape[1:3]
        looks = ImageFormat(channels, size, store.classes)
        return Source(dataset, store.images, store.labels, looks, known_sha256=store.sha256)
    source = _load_whole(dataset, data_dir, split)
    if classes or limit:
        chosen, names, labels = subset.choose(source.labels, source.format.classes, classes, limit)
        looks = replace(source.format, classes=names)
        source = replace(source, images=source.images[chosen], labels=labels, format=looks)
    if image_size not in (0, source.format.size):
        images = _resize(source.images, image_size, console)
        source = replace(source, images=images, format=replace(source.format, size=image_size))
    return source


def short_name(dataset: str) -> str:
    """A data set's name in those of files: a folder's own."""
    if dataset.startswith("folder:"):
        return Path(dataset.removeprefix("folder:")).expanduser().resolve().name or "folder"
    return dataset


def _load_whole(dataset: str, data_dir: Path | None, split: str) -> Source:
    if dataset == "sklearn-digits":
        return Source(dataset, *embedded.load(), ImageFormat(1, 28, mnist_family.DIGITS))
    if dataset == "stacked-mnist":
        digits = _load_whole("mnist", data_dir, split)
        return Source(dataset, *stacked.stack(digits.images, digits.labels, split), ImageFormat(3, 28, stacked.CLASSES))
    if dataset == "cifar10":
        found, looks, where = cifar.load(data_dir, split), ImageFormat(3, 32, cifar.CLASSES), cifar.FOLDER
    elif dataset in ("auto", *mnist_family.MEMBERS):
        name = "mnist" if dataset == "auto" else dataset
        member = mnist_family.MEMBERS[name]
        found, looks = mnist_family.load(name, data_dir, split), ImageFormat(1, 28, member.classes)
        where = f"{member.folder}/raw"
        if found is None and dataset == "auto":
            return replace(_load_whole("sklearn-digits", data_dir, split), fell_back=True)
        dataset = name
    else:
        known = ("auto", "sklearn-digits", "stacked-mnist", "cifar10", *mnist_family.MEMBERS, "folder:PATH")
        raise ConfigError(f"There is no data set {dataset!r}: {nearest(dataset, known)}")
    if found is None:
        raise DataError(
            f"{dataset} was not found and could not be downloaded. Name the folder that holds {where} with --data-dir, "
            "or in $DIGITFORGE_DATA, or connect to a network once; or train with --dataset sklearn-digits."
        )
    return Source(dataset, *found, looks)


def _resize(images: npt.NDArray[np.uint8], size: int, console: Console | None) -> npt.NDArray[np.uint8]:
    resized = np.empty((*images.shape[:2], size, size), np.uint8)
    with bar(console, f"Resizing to {size}x{size}", len(images)) as progress:
        for index, image in enumerate(images):
            picture = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
            resized[index] = decode.scale(picture, size)
            progress.advance()
    return resized
