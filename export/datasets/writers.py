"""Write NumPy archives and IDX files from raw images, without holding them in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


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


def write_npz(target: Path, parts: Sequence[RawPart]) -> None:
    """Write the only part as `images` uint8 [count, H, W(, 3)] and `labels` int64 [count], -1 without classes."""
    (part,) = parts
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_array(archive, "images", "|u1", (part.count, *part.image_shape), part.pixels())
        _write_array(archive, "labels", "<i8", (part.count,), part.labels())


def write_idx(target: Path, parts: Sequence[RawPart]) -> None:
    """Write a folder with MNIST's own layout and names."""
    folder = target / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        _write_idx_file(folder / f"{part.name}-images-idx3-ubyte", (part.count, *part.image_shape), part.pixels())
        _write_idx_file(folder / f"{part.name}-labels-idx1-ubyte", (part.count,), part.labels())


def _write_array(
    archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...], contents: Iterable[bytes]
) -> None:
    """Add an array to an .npz archive. The fixed date makes the archive depend on its contents alone."""
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
        for content in contents:
            file.write(content)


def _write_idx_file(path: Path, shape: tuple[int, ...], contents: Iterable[bytes]) -> None:
    """Write an IDX file: two zeros, the type (8 is uint8), the number of axes, their lengths (4 bytes), the values."""
    with path.open("wb") as file:
        file.write(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
        for content in contents:
            file.write(content)
