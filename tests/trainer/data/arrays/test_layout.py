from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from digitforge.errors import DataError
from trainer.data.arrays.layout import to_labels, to_pixels

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 6, 6)).astype(np.uint8)
# Blocks of 3 x 3 pixels, as neighbouring pixels of pictures resemble each other.
COLOUR = np.kron(RNG.integers(0, 256, (5, 3, 4, 4)), np.ones((1, 1, 3, 3), np.int64)).astype(np.uint8)


@pytest.mark.parametrize(
    "array",
    [
        GREY,
        GREY[:, None],
        GREY[..., None],
        GREY.reshape(5, 36),
        GREY.astype(np.int64),
        GREY.astype(np.float32),
        GREY / 255,
        GREY / 127.5 - 1,
    ],
    ids=["plain", "channel first", "channel last", "rows", "int64", "0 to 255", "0 to 1", "-1 to 1"],
)
def test_grey_images_in_every_layout(array: npt.NDArray[Any]) -> None:
    assert np.array_equal(to_pixels(array, "file")[0], GREY[:, None])


@pytest.mark.parametrize(
    "array",
    [COLOUR, COLOUR.transpose(0, 2, 3, 1), COLOUR.reshape(5, -1), COLOUR.transpose(0, 2, 3, 1).reshape(5, -1)],
    ids=["channels first", "channels last", "rows of planes", "rows of pixels"],
)
def test_colour_images_in_every_layout(array: npt.NDArray[Any]) -> None:
    assert np.array_equal(to_pixels(array, "file")[0], COLOUR)


def test_what_is_assumed_is_said() -> None:
    assert to_pixels(GREY / 255, "x.npz")[1] == ("The values in x.npz are taken to go from 0 to 1.",)
    assert to_pixels(np.zeros((2, 4, 4, 4)), "x.npz")[1][0] == "The fourth channel of the images in x.npz is left out."


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((3, 4, 4), 700), "values from 700 to 700, but pixels go from 0 to 255"),
        (np.full((3, 4, 4), -5), "values from -5 to -5"),
        (np.array([["a", "b"]]), "are not numbers but <U1"),
        (np.zeros((3, 4, 4, 5, 2)), r"has the shape \(3, 4, 4, 5, 2\)"),
        (np.zeros((3, 7)), "7 pixels, which is neither a square nor three squares"),
        (np.zeros((0, 4, 4)), "holds no images"),
        (np.array([[0.0] * 4, [0, np.nan, 0, 0]]), "Image 1 in file contains values that are not numbers"),
    ],
)
def test_arrays_that_are_no_images_are_refused(array: npt.NDArray[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        to_pixels(array, "file")


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        (np.array([7, 3, 3], np.uint8), ("3", "7"), [1, 0, 0]),
        (np.array([[7], [3], [3]]), ("3", "7"), [1, 0, 0]),
        (np.array([10.0, 2.0, 2.0]), ("2", "10"), [1, 0, 0]),
        (np.array(["b10", "b2", "b2"]), ("b2", "b10"), [1, 0, 0]),
        (np.array([b"x ", b"y", b"x"]), ("x", "y"), [0, 1, 0]),
        (np.array([[0, 1], [1, 0], [1, 0]]), ("0", "1"), [1, 0, 0]),
        (np.array([-1, -1, -1]), (), [0, 0, 0]),
        (np.array([5, -1, 3]), ("3", "5"), [1, -1, 0]),
        (np.array([5, np.nan, 3]), ("3", "5"), [1, -1, 0]),
        (np.array(["b", " ", "a"]), ("a", "b"), [1, -1, 0]),
        (np.array(["", "", ""]), (), [0, 0, 0]),
        (np.array([True, False, True]), ("False", "True"), [1, 0, 1]),
        (None, (), [0, 0, 0]),
    ],
)
def test_labels_of_every_type(values: npt.NDArray[Any] | None, classes: tuple[str, ...], labels: list[int]) -> None:
    found, numbers = to_labels(values, 3, "file")
    assert found == classes
    assert numbers.tolist() == labels
    assert numbers.dtype == np.int64


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([1, 2]), r"has 3 images, but labels of the shape \(2,\)"),
        (np.array([1, -2, 2]), "The label -2 in row 2 of file is negative"),
        (np.array([1, 2.5, 2]), "The label 2.5 in row 2 of file is not a whole number"),
        (np.array([1, np.inf, 2]), "The label inf in row 2 of file is not a whole number"),
        (np.array([4, 4, 4]), "All labels in file are '4': leave them out"),
        (np.array([4, -1, 4]), "All labels in file are '4': leave them out"),
        (np.array([1j, 2j, 3j]), "The labels in file are complex128"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(values: npt.NDArray[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        to_labels(values, 3, "file", first_row=1)
