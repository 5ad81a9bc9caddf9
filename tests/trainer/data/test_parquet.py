"""Tables written by pyarrow, and in the ways that pandas and `datasets` write them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from digitforge.errors import DataError
from trainer.data import datasets
from trainer.data.__main__ import named

arrow = pytest.importorskip("pyarrow", reason="needs the extra `data`")
parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra `data`")
pytestmark = pytest.mark.usefixtures("cache")

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype(np.uint8)
LABELS = [3, 0, 1] * 4
NAMES = ["zero", "T-shirt/top", "two", "ten"]


def png(pixels: np.ndarray[Any, Any], format: str = "PNG") -> bytes:  # noqa: A002 - Pillow's name
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format)
    return content.getvalue()


def written(path: Path, columns: dict[str, Any], features: dict[str, Any] | None = None) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = arrow.table(columns)
    if features:
        metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
        table = table.replace_schema_metadata(metadata)
    if path.suffix == ".arrow":
        with arrow.ipc.new_stream(path, table.schema) as file:
            file.write_table(table, max_chunksize=5)
    else:
        parquet.write_table(table, path, row_group_size=5)
    return f"parquet:{path}"


def hub_columns(rows: slice = slice(None)) -> dict[str, Any]:
    """The columns of a data set of the Hub."""
    return {
        "image": [{"bytes": png(image), "path": None} for image in PIXELS[rows]],
        "label": arrow.array(LABELS[rows], arrow.int64()),
    }


FEATURES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": NAMES}}


@pytest.mark.parametrize("name", ["train-00000-of-00001.parquet", "data-00000-of-00001.arrow"])
def test_a_table_of_the_hub(tmp_path: Path, name: str) -> None:
    source = datasets.load(written(tmp_path / name, hub_columns(), FEATURES), None)
    assert np.array_equal(source.images[:, 0], PIXELS)
    assert source.format.classes == ("T-shirt/top", "ten", "zero")
    assert [source.format.classes[label] for label in source.labels] == [NAMES[label] for label in LABELS]
    assert datasets.load(source.dataset, None, classes="ten", limit=2).images.shape == (2, 1, 8, 8)
    assert datasets.load(source.dataset, None, image_size=16).images.shape == (12, 1, 16, 16)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet"),
        ("data/train-00000-of-00002.parquet", "data/validation-00000-of-00001.parquet"),
        ("default/train/0000.parquet", "default/test/0000.parquet"),
        ("train/data-00000-of-00001.arrow", "test/data-00000-of-00001.arrow"),
    ],
)
def test_a_folder_is_divided_by_names(tmp_path: Path, train: str, test: str) -> None:
    written(tmp_path / train, hub_columns(slice(0, 9)), FEATURES)
    written(tmp_path / test, hub_columns(slice(9, 12)), FEATURES)
    said = io.StringIO()
    console = Console(file=said, width=1000)
    for dataset in (f"parquet:{tmp_path}", f"hf:{tmp_path}"):
        assert np.array_equal(datasets.load(dataset, None, console=console).images[:, 0], PIXELS[:9])
        held_out = datasets.load(dataset, None, "test")
        assert np.array_equal(held_out.images[:, 0], PIXELS[9:])
        assert held_out.labels.tolist() == [1, 2, 0]
    assert "Scores compare with the images in" in said.getvalue()
    if "/" in train and "default" not in train:
        assert named(str(tmp_path)) == f"parquet:{tmp_path}"


def test_the_file_beside_a_training_file_holds_the_test_images(tmp_path: Path) -> None:
    dataset = written(tmp_path / "train.parquet", hub_columns(slice(0, 9)))
    written(tmp_path / "test.parquet", hub_columns(slice(9, 12)))
    assert len(datasets.load(dataset, None, "test").images) == 3


LAYOUTS: dict[str, Any] = {
    "bytes": {"png": [png(image) for image in PIXELS], "y": [str(label) for label in LABELS]},
    "lists of rows": {"pixels": PIXELS.tolist(), "label": LABELS},
    "a list": {"image": [image.reshape(-1).tolist() for image in PIXELS], "digit": LABELS},
    "a column for each pixel": {"label": LABELS}
    | {f"pixel{index}": PIXELS.reshape(12, -1)[:, index] for index in range(64)},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_and_labels_are_found_by_their_types(tmp_path: Path, layout: str) -> None:
    source = datasets.load(written(tmp_path / "a.parquet", LAYOUTS[layout]), None)
    assert np.array_equal(source.images[:, 0], PIXELS)
    assert source.format.classes == ("0", "1", "3")
    assert source.labels.tolist() == [2, 0, 1] * 4


def test_rows_without_a_label_or_without_labels(tmp_path: Path) -> None:
    columns = hub_columns()
    some = [None, -1, *LABELS[2:]]
    for number, features in enumerate((None, FEATURES)):
        dataset = written(tmp_path / f"{number}.parquet", columns | {"label": some}, features)
        assert datasets.load(dataset, None).labels[:2].tolist() == [-1, -1]
    dataset = written(tmp_path / "none.parquet", {"image": columns["image"], "written": ["x"] * 12})
    assert datasets.load(dataset, None).format.classes == ()


def test_pictures_beside_the_table_and_colour(tmp_path: Path) -> None:
    coloured = np.random.default_rng(1).integers(0, 256, (12, 40, 30, 3)).astype(np.uint8)
    for number, image in enumerate(coloured):
        (tmp_path / f"{number}.png").write_bytes(png(image))
    cells = [{"bytes": None, "path": f"{number}.png"} for number in range(12)]
    assert datasets.load(written(tmp_path / "a.parquet", {"image": cells}), None).images.shape == (12, 3, 32, 32)


def test_an_unreadable_picture_is_named_by_its_table_and_row(tmp_path: Path) -> None:
    columns, said = hub_columns(), io.StringIO()
    columns["image"][4] = {"bytes": b"no picture", "path": None}
    dataset = written(tmp_path / "some.parquet", columns)
    assert len(datasets.load(dataset, None, console=Console(file=said, width=1000)).images) == 11
    assert "cannot be read: train/some row 5. They are left out." in said.getvalue()
    columns["image"][6] = None
    with pytest.raises(DataError, match=r"cannot be read: train/two row 5, train/two row 7\. Repair or remove"):
        datasets.load(written(tmp_path / "two.parquet", columns), None)


def test_tables_that_cannot_be_used(tmp_path: Path, cache: Path) -> None:
    image = hub_columns()["image"]
    whole = Path(written(tmp_path / "whole.parquet", hub_columns()).removeprefix("parquet:"))
    (tmp_path / "half.parquet").write_bytes(whole.read_bytes()[:300])
    (tmp_path / "half.arrow").write_bytes(b"no table")
    (tmp_path / "void").mkdir()
    for name in ("en", "fr"):
        written(tmp_path / "two" / name / "train.parquet", hub_columns())
    ragged = {"pixels": [[1] * 16] * 11 + [[1] * 9], "label": LABELS}
    refused = {
        f"parquet:{tmp_path / 'none.parquet'}": "There is no file or folder",
        f"parquet:{tmp_path / 'half.parquet'}": "half.parquet is damaged, or not a Parquet file",
        f"parquet:{tmp_path / 'half.arrow'}": "half.arrow is damaged, or not a Parquet file",
        f"parquet:{tmp_path / 'void'}": r"void holds no \.parquet or \.arrow files",
        f"parquet:{tmp_path / 'two'}": r"holds several data sets \(en, fr\): add the name of one",
        written(tmp_path / "b.parquet", {"label": LABELS, "text": ["a"] * 12}): (
            r"b.parquet has no column of images, but label \(int64\), text \(string\)\."
        ),
        written(tmp_path / "c.parquet", {"image": image, "label": [4, *LABELS[1:]]}, FEATURES): (
            "The label 4 in row 1 of .*c.parquet is none of the 4 classes"
        ),
        written(tmp_path / "d.parquet", {"image": image, "label": [-5, *LABELS[1:]]}): "The label -5 in row 1 of .*d.p",
        written(tmp_path / "e.parquet", {"image": image, "label": [1] * 12}): "All labels in .*e.parquet are '1'",
        written(tmp_path / "f.parquet", ragged): "images in .*f.parquet are not all of the same size",
    }
    for dataset, said in refused.items():
        with pytest.raises(DataError, match=said):
            datasets.load(dataset, None)
    assert not list(cache.rglob(".*")), "nothing half-built is left"
