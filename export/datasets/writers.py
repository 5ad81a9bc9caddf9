"""Write NumPy archives and IDX files from raw images, without holding them in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.datasets.archive import ArrayWriter, write_directory


@dataclass(frozen=True)
class RawPart:
    """Images and labels that become one pair of arrays."""

    name: str
    """"images", or "train" and "t10k" in a format with a test set."""
    count: int
    image_shape: tuple[int, ...]
    """(H, W) or (H, W, 3)."""
    pixels: Callable[[], Iterator[bytes]]
    """Yields the pixels in order, uint8."""
    labels: Callable[[], Iterator[bytes]]
    """Yields the labels in order, in the format's type."""
    first: int = 0
    """Number of the first image in the whole data set."""


def write_npz(target: Path, parts: Sequence[RawPart]) -> dict[str, Any]:
    """Write the only part as `images` uint8 [count, H, W(, 3)] and `labels` int64 [count], -1 without classes.

    Returns what the card says of the archive, which joining shards needs.
    """
    (part,) = parts
    with target.open("wb") as file:
        images = ArrayWriter(file, "images", "|u1", (part.count, *part.image_shape), part.first)
        facts = {"images": _write_array(images, part.pixels())}
        labels = ArrayWriter(file, "labels", "<i8", (part.count,), part.first)
        facts["labels"] = _write_array(labels, part.labels())
        write_directory(file, [images, labels])
    return {"archive": facts}


def write_idx(target: Path, parts: Sequence[RawPart]) -> dict[str, Any]:
    """Write a folder with MNIST's own layout and names. Returns what the card says of it: nothing."""
    folder = target / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        _write_idx_file(folder / f"{part.name}-images-idx3-ubyte", (part.count, *part.image_shape), part.pixels())
        _write_idx_file(folder / f"{part.name}-labels-idx1-ubyte", (part.count,), part.labels())
    return {}


def _write_array(array: ArrayWriter, contents: Iterable[bytes]) -> dict[str, int]:
    for content in contents:
        array.write(content)
    return array.close().to_json()


def _write_idx_file(path: Path, shape: tuple[int, ...], contents: Iterable[bytes]) -> None:
    """Write an IDX file: two zeros, the type (8 is uint8), the number of axes, their lengths (4 bytes), the values."""
    with path.open("wb") as file:
        file.write(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
        for content in contents:
            file.write(content)
