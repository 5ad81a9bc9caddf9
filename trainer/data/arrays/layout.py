"""Turn arrays of images and labels, in the layouts that people save them in, into training images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from digitforge.errors import DataError
from trainer.data.natural import natural


@dataclass(frozen=True)
class Arrays:
    """One part, train or test, of a file of arrays."""

    images: npt.NDArray[np.uint8]
    """[count, channels, height, width]; 1 or 3 channels."""
    labels: npt.NDArray[np.int64]
    """[count]; -1 without a label, zeros if there are no classes."""
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """The parts of a file of arrays, and sentences about what was chosen."""

    train: Arrays
    test: Arrays | None
    said: tuple[str, ...] = ()


def parts(
    where: str, train: tuple[Any, Any], test: tuple[Any, Any] | None, said: tuple[str, ...] = (), first_row: int = 0
) -> Parts:
    """Convert the arrays of images and labels (None: none) of both parts.

    where: the file, for messages. first_row: the number by which the file's users call its first image.
    Raises DataError if they are no images, or if the labels do not fit them.
    """
    images, sentences = to_pixels(train[0], where)
    classes, labels = to_labels(train[1], len(images), where, first_row)
    made = Arrays(images, labels, classes)
    if test is None:
        return Parts(made, None, (*said, *sentences))
    images, _ = to_pixels(test[0], where)
    own, labels = to_labels(test[1], len(images), where, first_row)
    if classes and not own:
        return Parts(made, None, (*said, *sentences, f"The test images in {where} have no labels and are not used."))
    if images.shape[1:] != made.images.shape[1:]:
        raise DataError(f"The test images in {where} have another size than the training images.")
    return Parts(made, Arrays(images, align(own, labels, classes, where), classes), (*said, *sentences))


def align(
    own: tuple[str, ...], labels: npt.NDArray[np.int64], classes: tuple[str, ...], where: str
) -> npt.NDArray[np.int64]:
    """Return test labels, which number the classes `own`, as numbers of the training classes; zeros without any.

    Raises DataError if the training images have no such class.
    """
    if unknown := [name for name in own if classes and name not in classes]:
        raise DataError(f"The test labels in {where} contain {unknown[0]!r}, but the training labels do not.")
    numbers = np.array([classes.index(name) if classes else 0 for name in own] or [0])
    return np.where(labels < 0, -1, numbers[labels])


def to_pixels(array: npt.NDArray[Any], where: str) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Return images as uint8 [count, 1 or 3, height, width], and a sentence about each choice that was made.

    Takes [count, height, width], channels first or last, or rows of [count, height * width]; whole numbers from 0 to
    255, truth values, and floating-point numbers from 0 to 1, -1 to 1 or 0 to 255. Raises DataError for others.
    """
    shaped, said = _shape(array, where)
    if shaped.dtype == np.bool_:
        return shaped.astype(np.uint8) * np.uint8(255), said
    if shaped.dtype == np.uint8:
        return np.ascontiguousarray(shaped), said
    low, high = float(shaped.min()), float(shaped.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        row = int(np.flatnonzero(~np.isfinite(shaped.reshape(len(shaped), -1)).all(axis=1))[0])
        raise DataError(f"Image {row:,} in {where} contains values that are not numbers: repair or remove it.")
    if low < (-1 if shaped.dtype.kind == "f" else 0) or high > 255:
        raise DataError(
            f"The images in {where} contain values from {low:g} to {high:g}, but pixels go from 0 to 255, or, as "
            "floating-point numbers, from 0 to 1 or -1 to 1: scale them."
        )
    if shaped.dtype.kind != "f":
        return shaped.astype(np.uint8), said
    if low < 0:
        return _rounded((shaped + 1) * 127.5), (*said, f"The values in {where} are taken to go from -1 to 1.")
    if high <= 1:
        return _rounded(shaped * 255), (*said, f"The values in {where} are taken to go from 0 to 1.")
    return _rounded(shaped), said


def _rounded(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return (values + 0.5).clip(0, 255).astype(np.uint8)


def _shape(array: npt.NDArray[Any], where: str) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return the array as [count, channels, height, width]."""
    if array.dtype.kind not in "buif":
        raise DataError(f"The images in {where} are not numbers but {array.dtype}: save them as 8-bit pixels.")
    if 0 in array.shape or array.ndim < 2:
        raise DataError(f"The array of images in {where} has the shape {array.shape}, which holds no images.")
    if array.ndim == 2:
        return _unflatten(array, where)
    if array.ndim == 3:
        return array[:, None], ()
    if array.ndim == 4 and array.shape[3] in (1, 3) and array.shape[1] not in (1, 3):
        return array.transpose(0, 3, 1, 2), ()
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return array, ()
    if array.ndim == 4 and array.shape[3] == 4:
        return array[..., :3].transpose(0, 3, 1, 2), (f"The fourth channel of the images in {where} is left out.",)
    raise DataError(
        f"The array of images in {where} has the shape {array.shape}, but images are [count, height, width], with 1 "
        "or 3 channels before or after height and width, or rows of pixels."
    )


def _unflatten(rows: npt.NDArray[Any], where: str) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return rows of pixels as [count, channels, size, size]. Colours are plane by plane or pixel by pixel."""
    count, length = rows.shape
    size = math.isqrt(length)
    if size * size == length:
        return rows.reshape(count, 1, size, size), ()
    size = math.isqrt(length // 3)
    if 3 * size * size != length:
        raise DataError(f"The rows in {where} have {length:,} pixels, which is neither a square nor three squares.")
    planes = rows.reshape(count, 3, size, size)
    interleaved = rows.reshape(count, size, size, 3).transpose(0, 3, 1, 2)
    # In the right order, neighbouring pixels resemble each other more.
    if _roughness(planes) <= _roughness(interleaved):
        return planes, (f"The colours in {where} are read plane by plane.",)
    return interleaved, (f"The colours in {where} are read pixel by pixel.",)


def _roughness(images: npt.NDArray[Any]) -> float:
    some = images[:256].astype(np.float32)
    return float(np.abs(np.diff(some, axis=3)).mean() + np.abs(np.diff(some, axis=2)).mean())


def to_labels(
    values: npt.NDArray[Any] | None, count: int, where: str, first_row: int = 0
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the names of the classes in natural order, and the labels as their indices [count]; -1 without a label.

    values: [count] or [count, 1], whole numbers or text; one-hot [count, classes]; None: no classes. An image has no
    label if its value is -1, not a number (NaN), or an empty text; if that holds for all, there are no classes.
    Raises DataError if they do not fit the images, are negative or not whole, or are all the same.
    """
    none = (), np.zeros(count, np.int64)
    if values is None:
        return none
    if values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "buif" and (values.sum(axis=1) == 1).all():
        values = values.argmax(axis=1)
    values = values.reshape(len(values), -1)[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.shape != (count,):
        raise DataError(f"{where} has {count:,} images, but labels of the shape {values.shape}: each needs one.")
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), -1, values)
        _refuse(
            ~(np.isfinite(values) & (values == np.floor(values))), values, where, first_row, "is not a whole number"
        )
        values = values.astype(np.int64)
    if values.dtype.kind in "biu":
        _refuse(values < -1, values, where, first_row, "is negative")
        known = values != -1
    elif values.dtype.kind in "US":
        values = np.char.strip(np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values)
        known = values != ""
    else:
        raise DataError(f"The labels in {where} are {values.dtype}: whole numbers or text are needed.")
    if not known.any():
        return none
    names, numbers = np.unique(values[known], return_inverse=True)
    order = sorted(range(len(names)), key=lambda index: natural(str(names[index])))
    classes = tuple(str(names[index]) for index in order)
    if len(classes) == 1:
        raise DataError(f"All labels in {where} are {classes[0]!r}: leave them out to train without classes.")
    labels = np.full(count, -1, np.int64)
    labels[known] = np.argsort(order)[numbers.reshape(-1)]
    return classes, labels


def _refuse(wrong: npt.NDArray[np.bool_], values: npt.NDArray[Any], where: str, first_row: int, what: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(f"The label {values[row].item()!r} in row {row + first_row:,} of {where} {what}: correct it.")
