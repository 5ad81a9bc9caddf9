from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import DataError
from trainer.data import datasets

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 16)).astype(np.uint8)
NAMES = [f"pixel{index}" for index in range(16)]


def table(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return f"csv:{path}"


def rows(first: str = "0", names: Sequence[str] | None = None) -> list[list[object]]:
    """Rows of a label and 16 pixels; names: of the columns, in a row above."""
    labels = [first if index % 2 else "7" for index in range(12)]
    body = [[label, *image.tolist()] for label, image in zip(labels, IMAGES, strict=True)]
    return [list(names), *body] if names else body


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_with_a_row_of_names(tmp_path: Path, name: str, delimiter: str) -> None:
    source = datasets.load(table(tmp_path / name, rows(names=["label", *NAMES]), delimiter), None)
    assert np.array_equal(source.images.reshape(12, 16), IMAGES)
    assert source.format.classes == ("0", "7")
    assert source.labels.tolist() == [1, 0] * 6


def test_tables_without_names_and_with_the_label_elsewhere(tmp_path: Path) -> None:
    plain = rows("b")
    last = [[*row[1:], row[0]] for row in plain]
    middle: list[list[object]] = [[*NAMES[:3], "Class", *NAMES[3:]], *([*row[1:4], row[0], *row[4:]] for row in plain)]
    unlabelled = [row[1:] for row in plain]
    tables: list[list[list[object]]] = [plain, last, middle, unlabelled]
    for number, written in enumerate(tables):
        source = datasets.load(table(tmp_path / f"{number}.csv", written), None)
        assert np.array_equal(source.images.reshape(12, 16), IMAGES)
        assert source.format.classes == (() if number == 3 else ("7", "b"))


def test_names_that_look_like_numbers_are_no_image(tmp_path: Path) -> None:
    # pandas writes 0, 0.1, 0.2 for columns that are all called 0.
    names = ["0", "0.1", *(f"0.{index}" for index in range(2, 17))]
    assert len(datasets.load(table(tmp_path / "a.csv", rows(names=names)), None).images) == 12


def test_the_test_table_beside_a_training_table_is_used_for_scores(tmp_path: Path) -> None:
    dataset = table(tmp_path / "mnist_train.csv", rows()[:8])
    table(tmp_path / "mnist_test.csv", rows()[8:])
    assert np.array_equal(datasets.load(dataset, None, "test").images.reshape(4, 16), IMAGES[8:])
    table(tmp_path / "mnist_test.csv", [row[1:] for row in rows()[8:]])
    assert len(datasets.load(dataset, None, "test").images) == 8


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([*rows()[:4], rows()[4][:-1]], "Row 5 of .* has 16 columns instead of 17"),
        ([*rows()[:4], ["7", *["x"] * 16]], "Row 5 of .* contains 'x' where a pixel should be"),
        ([*rows()[:4], ["7", *[""] * 16]], "Row 5 of .* contains '' where a pixel should be"),
        ([*rows()[:4], ["-3", *IMAGES[0].tolist()]], "The label -3 in row 5 of .* is negative"),
        ([["a", "b", "c"], ["1", "2", "3"]], "have 3 columns: a label and a square number of pixels"),
        ([["word"]], "its first row has a single column"),
        ([["label", *NAMES]], "has no rows of images"),
        (rows("7"), "All labels in .* are '7'"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, written: list[list[object]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        datasets.load(table(tmp_path / "a.csv", written), None)


def test_rows_without_a_label(tmp_path: Path) -> None:
    for number, known in enumerate(("7.0", "b")):  # pandas writes numbers as 7.0 if some are missing
        written = [[label, *image.tolist()] for label, image in zip([known, "", "3"] * 4, IMAGES, strict=True)]
        source = datasets.load(table(tmp_path / f"{number}.csv", written), None)
        assert source.format.classes == ("3", known.removesuffix(".0"))
        assert source.labels.tolist() == [1, -1, 0] * 4


def test_a_column_of_row_numbers_is_no_pixel(tmp_path: Path) -> None:
    labelled = list(zip("ab" * 6, IMAGES.tolist(), strict=True))
    first = [["", "label", *NAMES], *([9, label, *image] for label, image in labelled)]
    last = [["Unnamed: 0", *NAMES, "label"], *([9, *image, label] for label, image in labelled)]
    for number, written in enumerate((first, last)):
        source = datasets.load(table(tmp_path / f"{number}.csv", written), None)
        assert np.array_equal(source.images.reshape(12, 16), IMAGES)
        assert source.format.classes == ("a", "b")
