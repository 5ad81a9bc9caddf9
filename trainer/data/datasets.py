"""The data sets, one row each in `DATASETS`, and loading one of them for a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console

from digitforge import cifar, mnist, places
from digitforge.datasets import LICENCES, PATHS, path_of
from digitforge.errors import ConfigError, DataError, nearest
from digitforge.files import user_path
from digitforge.progress import bar
from trainer.config import TABLES, Crop, ImageFormat, Invert
from trainer.data import (
    archive,
    cifar10,
    decode,
    decoded,
    embedded,
    folder,
    hub,
    mnist_family,
    parquet,
    stacked,
    subset,
)
from trainer.data.arrays import csv, npz
from trainer.data.arrays.layout import Parts
from trainer.data.survey import LIGHT, border_brightness

FOLDER_SIZE = 32
"""Height and width in pixels of a folder's pictures if no other size is set."""
BORDERS = 1_000
"""Number of images whose borders decide whether a set is dark on light."""

Loaded = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""Images [count, channels, size, size] and labels [count]."""


@dataclass(frozen=True)
class Dataset:
    """A row of `DATASETS`."""

    load: Callable[[Path | None, str], Loaded | None]
    """Load a split, "train" or "test", given `--data-dir`; see `places` for where to look.

    Returns None if the files were neither found nor downloaded. Raises DataError if they are damaged.
    """
    format: ImageFormat
    where: str
    """The folder that holds the files, relative to `--data-dir`; empty if there are no files."""
    licence: str
    """Who made the images and under which licence; exported files repeat it."""


def _load_stacked(data_dir: Path | None, split: str) -> Loaded | None:
    digits = mnist_family.load("mnist", data_dir, split)
    return None if digits is None else stacked.stack(*digits, split)


def _load_embedded(_data_dir: Path | None, _split: str) -> Loaded:
    return embedded.load()


DATASETS: dict[str, Dataset] = {
    **{
        name: Dataset(
            partial(mnist_family.load, name),
            ImageFormat(1, 28, member.classes),
            f"{member.folder}/raw",
            member.licence,
        )
        for name, member in mnist.MEMBERS.items()
    },
    "cifar10": Dataset(cifar10.load, ImageFormat(3, 32, cifar.CLASSES), cifar.FOLDER, LICENCES["cifar10"]),
    "stacked-mnist": Dataset(
        _load_stacked, ImageFormat(3, 28, stacked.CLASSES), "MNIST/raw", LICENCES["stacked-mnist"]
    ),
    "sklearn-digits": Dataset(
        _load_embedded,
        ImageFormat(1, 28, mnist.DIGITS),
        "",
        LICENCES["sklearn-digits"],
    ),
}
"""The data sets by name: the choices of `--dataset`, beside `auto` and the user's own files."""
TABLES["dataset"] = DATASETS


def _load_parquet(path: Path, console: Console | None) -> Parts | parquet.Unpacked:
    return parquet.load(parquet.find(path), str(path), console)


READERS: dict[str, Callable[[Path, Console | None], Parts | parquet.Unpacked]] = {
    "npz:": lambda path, _: npz.load(path),
    "csv:": csv.load,
    "parquet:": _load_parquet,
    "hf:": lambda path, console: _load_parquet(hub.fetch(path), console),
}
"""What reads the user's own files, apart from folders and zip files of pictures, by prefix."""


@dataclass(frozen=True)
class Source:
    """The images a run trains on, labelled or not, in memory or in a memory-mapped file."""

    dataset: str
    """The name that loads them again: never "auto"."""
    images: npt.NDArray[np.uint8]
    """[count, channels, size, size]."""
    labels: npt.NDArray[np.int64]
    """[count]; -1 for an image without a label, zeros if the images have no classes."""
    format: ImageFormat
    licence: str = ""
    """See `Dataset.licence`; empty if it is not known."""
    fell_back: bool = False
    """Whether `auto` took the embedded digits because MNIST could not be found."""
    known_sha256: str = ""
    """The value of `sha256`, if it has been computed before."""

    @cached_property
    def sha256(self) -> str:
        """Hash of images and labels: two runs with the same hash trained on the same data."""
        if self.known_sha256:
            return self.known_sha256
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()

    def labelled(self) -> Source:
        """Return the source without the images that have no label."""
        known = self.labels >= 0
        if known.all():
            return self
        return replace(self, images=self.images[known], labels=self.labels[known], known_sha256="")


def load(
    dataset: str,
    data_dir: Path | None,
    split: str = "train",
    *,
    classes: str = "",
    limit: int = 0,
    labels: int = 0,
    image_size: int = 0,
    crop: Crop = "square",
    invert: Invert = "false",
    console: Console | None = None,
) -> Source:
    """Load a data set by its `--dataset` name.

    data_dir: the first place to look; then $DIGITFORGE_DATA, the user's cache folder, and the network.
    split: "train" or "test"; the embedded digits, and folders without a test part, have only one.
    classes, limit: see `subset.choose`. labels: see `subset.withhold`; 0 keeps all.
    image_size: in pixels; 0 keeps the data set's own (a folder's: 32).
    console: shows progress, and says how pictures are read and which are left out.

    Only `auto` falls back to the embedded digits. Raises DataError if images are missing, damaged or all the same, or
    if the cache folder cannot be written; ConfigError for an unknown name or class, or too high a limit or number of
    labels.
    """
    source = _load(dataset, data_dir, split, classes, limit, decode.Conversion(image_size, crop, invert), console)
    if split == "train":
        _require_variety(source)
    if labels:
        kept = subset.withhold(source.labels, len(source.format.classes), labels)
        source = replace(source, labels=kept, known_sha256="")
    return source


def _load(
    dataset: str,
    data_dir: Path | None,
    split: str,
    classes: str,
    limit: int,
    wanted: decode.Conversion,
    console: Console | None,
) -> Source:
    path = user_path(path_of(dataset))
    if dataset.startswith(("folder:", "zip:")):
        root = archive.unpack(path, console) if dataset.startswith("zip:") else path
        wanted = replace(wanted, size=wanted.size or FOLDER_SIZE)
        return _stored(dataset, folder.load(root, split, classes, limit, wanted, console))
    if data_dir is not None and not data_dir.is_dir():
        raise DataError(f"There is no folder {data_dir}: pass the one that holds the data set with --data-dir.")
    if dataset.startswith(tuple(READERS)):
        loaded = READERS[dataset.partition(":")[0] + ":"](path, console)
        if isinstance(loaded, parquet.Unpacked):
            return _load_unpacked(dataset, loaded, split, classes, limit, wanted, console)
        source = _load_arrays(dataset, loaded, split, wanted, console)
    elif dataset == "auto":
        source = _load_auto(data_dir, split)
    else:
        source = _load_whole(dataset, data_dir, split)
    if classes or limit:
        chosen, names, labels = subset.choose(source.labels, source.format.classes, classes, limit)
        image_format = replace(source.format, classes=names)
        source = replace(source, images=source.images[chosen], labels=labels, format=image_format)
    if wanted.size not in (0, source.format.size):
        images = _resize(source.images, wanted.size, wanted.crop, console)
        source = replace(source, images=images, format=replace(source.format, size=wanted.size))
    light = wanted.invert == "auto" and border_brightness(source.images[:BORDERS]) > LIGHT
    if light or wanted.invert == "true":
        source = replace(source, images=255 - source.images)
    return source


def _require_variety(source: Source) -> None:
    """Raise DataError if all images are the same: there would be nothing to learn."""
    first = source.images[0]
    if len(source.images) > 1 and all(np.array_equal(first, image) for image in source.images[1:]):
        content = f": every pixel is {first.flat[0]} of 255" if (first == first.flat[0]).all() else ""
        raise DataError(
            f"All {len(source.images):,} images of {source.dataset} are the same{content}. Look at the files, and at "
            "--image-size."
        )


def in_order(source: Source, classes: tuple[str, ...]) -> Source:
    """Return the source with its classes in this order, if they are the same ones: folders once had 1, 10, 2."""
    own = source.format.classes
    if own == classes or sorted(own) != sorted(classes):
        return source
    numbers = np.array([classes.index(name) for name in own])
    labels = np.where(source.labels < 0, -1, numbers[source.labels])
    return replace(source, labels=labels, format=replace(source.format, classes=classes), known_sha256="")


def short_name(dataset: str) -> str:
    """Return a name for use in file names: the data set's own, or that of its folder or file."""
    if own := path_of(dataset):
        path = user_path(own).resolve()
        return (path.name if dataset.startswith("folder:") else path.stem) or "folder"
    return dataset


def _load_arrays(dataset: str, parts: Parts, split: str, wanted: decode.Conversion, console: Console | None) -> Source:
    if split == "train":
        for sentence in parts.said:
            decoded.say(console, sentence)
    part = parts.test if split == "test" and parts.test is not None else parts.train
    height, width = part.images.shape[2:]
    size = wanted.size or (max if wanted.crop == "pad" else min)(height, width)
    images = part.images if height == width else _resize(part.images, size, wanted.crop, console)
    return Source(dataset, images, part.labels, ImageFormat(images.shape[1], images.shape[2], part.classes))


def _load_unpacked(
    dataset: str,
    unpacked: parquet.Unpacked,
    split: str,
    classes: str,
    limit: int,
    wanted: decode.Conversion,
    console: Console | None,
) -> Source:
    if split == "train":
        for sentence in unpacked.said:
            decoded.say(console, sentence)
    size = wanted.size or decode.common_size(unpacked.root / unpacked.train.names[0]) or FOLDER_SIZE
    test = unpacked.test if split == "test" else None
    root, training, wanted = unpacked.root, unpacked.train, replace(wanted, size=size)
    return _stored(dataset, folder.open_part(root, training, test, classes, limit, wanted, console))


def _stored(dataset: str, store: decoded.Store) -> Source:
    channels, size = store.images.shape[1:3]
    image_format = ImageFormat(channels, size, store.classes)
    return Source(dataset, store.images, store.labels, image_format, known_sha256=store.sha256)


def _load_auto(data_dir: Path | None, split: str) -> Source:
    loaded = DATASETS["mnist"].load(data_dir, split)
    if loaded is None:
        return replace(_load_whole("sklearn-digits", data_dir, split), fell_back=True)
    return Source("mnist", *loaded, DATASETS["mnist"].format, DATASETS["mnist"].licence)


def _load_whole(dataset: str, data_dir: Path | None, split: str) -> Source:
    if dataset not in DATASETS:
        choices = ("auto", *DATASETS, *(f"{prefix}PATH" for prefix in PATHS))
        raise ConfigError(f"There is no data set {dataset!r}: {nearest(dataset, choices)}")
    row = DATASETS[dataset]
    loaded = row.load(data_dir, split)
    if loaded is None:
        places.require_cache(places.cache_folder())
        searched = ", ".join(map(str, places.roots(data_dir)))
        raise DataError(
            f"{dataset} was not found in {searched}{_named(dataset)}, and could not be downloaded. "
            f"Pass the folder that holds {row.where} with --data-dir or $DIGITFORGE_DATA, "
            "connect to a network once, or train with --dataset sklearn-digits."
        )
    return Source(dataset, *loaded, row.format, row.licence)


def _named(dataset: str) -> str:
    """Return the first file of a data set in brackets, as the folder alone does not say which files are meant."""
    if dataset == "cifar10":
        return f" ({cifar.FILES['train'][0]})"
    member = mnist.MEMBERS.get("mnist" if dataset == "stacked-mnist" else dataset)
    return f" ({member.names()[0]}, packed or not)" if member else ""


def _resize(images: npt.NDArray[np.uint8], size: int, crop: Crop, console: Console | None) -> npt.NDArray[np.uint8]:
    resized = np.empty((*images.shape[:2], size, size), np.uint8)
    with bar(console, f"Resizing to {size}x{size}", len(images)) as progress:
        for index, image in enumerate(images):
            picture = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
            resized[index] = decode.scale(picture, size, crop)
            progress.advance()
    return resized
