"""Test vectors of a generator: inputs, and the outputs that a runtime should compute from them.

They are a folder `test_data_set_0` beside the file, in the layout of ONNX's own test data: `input_0.pb` and so on, each
a TensorProto. The tensors' `doc_string` is the digest of the generator that they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from digitforge.errors import ExportError, explain_read
from digitforge.files import write_bytes
from export.contract import PIXELS
from export.runtime.arrays import Float32, UInt8
from export.runtime.foreign import ASSUMED
from export.runtime.generator import Generator
from export.runtime.latents import labels_of, latents, one_hot

FOLDER = "test_data_set_0"
COUNT = 8
SIZE_LIMIT_BYTES = 2**28


@dataclass(frozen=True)
class Vectors:
    """Inputs and expected outputs."""

    digest: str
    """The generator that they belong to; empty if they do not say."""
    z: Float32
    y: Float32 | None
    image: Float32
    pixels: UInt8


@dataclass(frozen=True)
class Difference:
    """How far a runtime is from the test vectors."""

    largest_error: float
    """Largest difference of a value of `image`, which lies in [-1, 1]; infinite if a value is not finite."""
    largest_pixel_error: int
    """Largest difference of a uint8 value of `pixels`."""


def vectors_folder(model: Path) -> Path:
    """Return the folder of the test vectors of the file `model`."""
    return model.with_name(FOLDER)


def make_vectors(generator: Generator) -> Vectors:
    """Return eight latents of seed 0, classes in turn and last a blend of two, and their images.

    A file with a fixed batch size gets as many as it runs. Raises ExportError if the generator is not digitforge's.
    """
    info = generator.info
    if info.provenance.get(ASSUMED):
        raise ExportError(
            f"{generator.path} was not exported by digitforge, whose inputs and outputs test vectors have."
        )
    count = generator.batch or COUNT
    z, y = latents(info, 0, 0, count), None
    if info.conditional:
        classes = len(info.classes)
        y = one_hot(labels_of(info, (), 0, count), classes)
        if count > 1:
            y[-1] = (y[-1] + one_hot([0], classes)[0]) / 2
    return Vectors(info.digest, z, y, generator.generate(z, y), generator.generate_pixels(z, y))


def write_vectors(generator: Generator, model: Path) -> Path:
    """Write the test vectors of `generator` beside the file `model`, and return their folder.

    Raises ExportError as `make_vectors` does, and CannotWrite.
    """
    vectors, folder = make_vectors(generator), vectors_folder(model)
    info = generator.info
    inputs = [vectors.z] if vectors.y is None else [vectors.z, vectors.y]
    sides: list[tuple[str, list[str], Sequence[npt.NDArray[Any]]]] = [
        ("input", list(info.inputs()), inputs),
        ("output", list(info.outputs()), [vectors.image, vectors.pixels]),
    ]
    for old in folder.glob("*put_*.pb"):
        old.unlink()
    for side, names, arrays in sides:
        for number, (name, array) in enumerate(zip(names, arrays, strict=True)):
            tensor = numpy_helper.from_array(array, name)
            tensor.doc_string = vectors.digest
            write_bytes(folder / f"{side}_{number}.pb", tensor.SerializeToString(deterministic=True))
    return folder


def read_vectors(generator: Generator, folder: Path) -> Vectors:
    """Read the test vectors in `folder`. Raises ExportError if they are damaged or do not fit the generator."""
    info = generator.info
    found = {side: [_read(folder / f"{side}_{number}.pb") for number in range(len(names))]
             for side, names in (("input", info.inputs()), ("output", info.outputs()))}  # fmt: skip
    tensors = [*found["input"], *found["output"]]
    digests = {digest for digest, _ in tensors}
    names = {**info.inputs(), **info.outputs()}
    count = tensors[0][1].shape[0] if tensors[0][1].ndim else 0
    for (name, dims), (_, array) in zip(names.items(), tensors, strict=True):
        kind = np.uint8 if name == PIXELS else np.float32
        if len(digests) > 1 or array.dtype != kind or array.shape != (count, *dims[1:]) or not np.isfinite(array).all():
            raise ExportError(f"{folder} does not fit this generator: write it again with `--vectors`.")
    arrays: list[npt.NDArray[Any]] = [array for _, array in tensors]
    z, y = arrays[0].astype(np.float32), arrays[1].astype(np.float32) if info.conditional else None
    return Vectors(digests.pop(), z, y, arrays[-2].astype(np.float32), arrays[-1].astype(np.uint8))


def _read(path: Path) -> tuple[str, npt.NDArray[Any]]:
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            raise ExportError(f"{path} is too large for a test vector.")
        content = path.read_bytes()
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error
    try:
        tensor = onnx.TensorProto.FromString(content)
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError
        return tensor.doc_string, numpy_helper.to_array(tensor)
    except Exception as error:  # protobuf, onnx and numpy raise types of their own
        raise ExportError(f"{path} is not a tensor, or it is damaged: write it again with `--vectors`.") from error


def compare_with_vectors(generator: Generator, vectors: Vectors) -> Difference:
    """Return how far the generator's outputs are from the expected ones. Raises ExportError if it does not run."""
    errors = np.abs(generator.generate(vectors.z, vectors.y) - vectors.image)
    pixels = np.abs(generator.generate_pixels(vectors.z, vectors.y).astype(np.int16) - vectors.pixels)
    return Difference(
        float(errors.max(initial=0)) if np.isfinite(errors).all() else float("inf"), int(pixels.max(initial=0))
    )
