"""The formats of data sets, one row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.contract import GeneratorInfo
from export.datasets.writers import RawPart, write_idx, write_npz


@dataclass(frozen=True)
class DatasetFormat:
    """A format that a data set can have."""

    title: str
    """Name for people."""
    help: str
    """What is written, as a phrase."""
    obstacle: Callable[[GeneratorInfo], str]
    """Why it cannot hold a generator's images, as a sentence; "" if it can."""
    write: Callable[[Path, Sequence[RawPart]], dict[str, Any]] | None
    """Writes the file or folder from the raw images and returns what is added to the card.

    None if each image is a PNG file as soon as it is generated.
    """
    suffix: str = ""
    """Suffix of the file; "" if the data set is a folder."""
    label_type: str = "<i8"
    """numpy's name for the type of the labels."""
    test_set: bool = False
    """Whether the images that follow the requested ones, a sixth as many, are written as a test set."""


def _holds_everything(_: GeneratorInfo) -> str:
    return ""


def _grey_labelled_only(info: GeneratorInfo) -> str:
    if info.conditional and len(info.classes) <= 256 and info.channels == 1:
        return ""
    return "IDX files hold grey images with labels, which this generator does not make: use --format npz or png."


FORMATS = {
    "npz": DatasetFormat("NumPy", "One .npz file with images and labels", _holds_everything, write_npz, suffix=".npz"),
    "idx": DatasetFormat(
        "IDX", "A folder that torchvision's MNIST takes as its root", _grey_labelled_only, write_idx,
        label_type="u1", test_set=True,
    ),
    "png": DatasetFormat("PNG files", "A folder with one folder for each class", _holds_everything, write=None),
}  # fmt: skip


def format_of(out: Path) -> str:
    """Return the name of the format that a data set called `out` has by default."""
    return next((name for name, each in FORMATS.items() if each.suffix and each.suffix == out.suffix), "png")
