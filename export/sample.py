"""Make a labelled data set from an ONNX generator: `python -m export.sample MODEL.onnx --count N --out FILE.npz|DIR`.

Image number i of a seed is a function of (seed, i) alone, so a longer request begins with the shorter one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from export.arrays import Float32, Int64, UInt8
from export.contract import ExportError, GeneratorInfo
from export.files import atomic_file, exit_status
from export.latents import BLOCK, labels_of, latents, one_hot
from export.runtime import find_model, open_generator

MOST_IMAGES = 100_000_000


class MakesPixels(Protocol):
    """A generator by what sampling needs of it."""

    @property
    def info(self) -> GeneratorInfo:
        """What goes in and comes out."""

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """See `export.runtime.Generator`."""


def generate(
    generator: MakesPixels, count: int, seed: int = 0, digit: int | None = None, truncation: float = 1.0
) -> Iterator[tuple[UInt8, Int64]]:
    """Yield `count` images and their labels in chunks of up to `BLOCK`: uint8 [n, H, W(, 3)] and int64 [n].

    truncation: latents are multiplied by it; below 1, images are more typical and less varied.
    """
    info = generator.info
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        labels = labels_of(info, digit, start, size)
        z = latents(info, seed, start, size) * np.float32(truncation)
        yield generator.generate_pixels(z, one_hot(labels, len(info.classes)) if info.conditional else None), labels


def write_npz(path: Path, info: GeneratorInfo, count: int, chunks: Iterator[tuple[UInt8, Int64]]) -> None:
    """Stream the images to `path` as `images` uint8 [count, H, W(, 3)] and `labels` int64 [count]; atomic.

    The same images give the same bytes.
    """
    labels = np.empty(count, np.int64)
    done = 0
    with atomic_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        with _member(archive, "images", np.dtype(np.uint8), (count, *info.outputs()["pixels"][1:])) as file:
            for pixels, part in chunks:
                file.write(np.ascontiguousarray(pixels).data)
                labels[done : done + len(part)] = part
                done += len(part)
        with _member(archive, "labels", labels.dtype, labels.shape) as file:
            file.write(labels.data)


def _member(archive: zipfile.ZipFile, name: str, dtype: np.dtype[np.generic], shape: tuple[object, ...]) -> IO[bytes]:
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    file = archive.open(entry, "w", force_zip64=True)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file


def write_folders(path: Path, info: GeneratorInfo, chunks: Iterator[tuple[UInt8, Int64]]) -> None:
    """Write one PNG an image to `path`/<class>/<number>.png; the folder appears only when it is complete.

    Raises ExportError where `path` exists and is not empty.
    """
    if not path.name or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise ExportError(f"{path} exists and is not an empty folder: choose another --out.")
    temporary = path.with_name(f".{path.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        number = 0
        for pixels, labels in chunks:
            for image, label in zip(pixels, labels, strict=True):
                # A class may be called anything; a folder may not.
                folder = temporary / (f"{label}" if info.conditional else "unlabelled")
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / f"{number:07d}.png")
                number += 1
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.sample", description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="A generator, or a run directory with one.")
    parser.add_argument("--count", type=int, required=True, help="Number of images.")
    parser.add_argument("--out", type=Path, required=True, help="A .npz file, or a new folder for PNG files.")
    parser.add_argument("--digit", help="Only this class (default: each in turn).")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI", help="0 to 2 (default: 1).")
    given = parser.parse_args(arguments)

    def command() -> None:
        if not 1 <= given.count <= MOST_IMAGES:
            raise ExportError(f"--count is {given.count}, but it must be between 1 and {MOST_IMAGES:,}.")
        if given.seed < 0:
            raise ExportError(f"--seed is {given.seed}, but it must not be negative.")
        if not 0 <= given.truncation <= 2:
            raise ExportError(f"--truncation is {given.truncation}, but it must be between 0 and 2.")
        generator = open_generator(find_model(given.model))
        digit = _class_number(generator.info, given.digit)
        chunks = generate(generator, given.count, given.seed, digit, given.truncation)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("generating", total=given.count)

            def counted() -> Iterator[tuple[UInt8, Int64]]:
                for pixels, labels in chunks:
                    yield pixels, labels
                    progress.advance(task, len(labels))

            if given.out.suffix == ".npz":
                write_npz(given.out, generator.info, given.count, counted())
            else:
                write_folders(given.out, generator.info, counted())
        print(f"{given.out}: {given.count:,} images")

    return exit_status(command)


def _class_number(info: GeneratorInfo, name: str | None) -> int | None:
    if name is None:
        return None
    if not info.conditional:
        raise ExportError("This generator is unconditional: it cannot be asked for a digit; leave out --digit.")
    if name not in info.classes:
        raise ExportError(f"This generator has no class {name!r}: choose one of {', '.join(info.classes)}.")
    return info.classes.index(name)


if __name__ == "__main__":
    sys.exit(main())
