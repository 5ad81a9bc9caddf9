from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge.errors import ConfigError, DataError
from trainer.data import datasets

MakePictures = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("cache")


def test_folders_are_classes(pictures: MakePictures) -> None:
    root = pictures(10)
    (root / "a" / ".hidden.png").touch()
    (root / "a" / "notes.txt").touch()
    (root / "empty").mkdir()
    source = datasets.load(f"folder:{root}", None)
    assert source.dataset == f"folder:{root}"
    assert source.images.shape == (10, 1, 32, 32)
    assert source.images[:, 0, 0, 0].tolist() == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert source.labels.tolist() == [0] * 5 + [1] * 5
    assert source.format.classes == ("a", "b")


def test_sub_folders_belong_to_their_class(pictures: MakePictures) -> None:
    root = pictures(4)
    (root / "a" / "deeper").mkdir()
    (root / "a" / "0000.png").rename(root / "a" / "deeper" / "0000.png")
    assert datasets.load(f"folder:{root}", None).labels.tolist() == [0, 0, 1, 1]
    (root / "a" / "deeper").rename(root / "a" / ".deeper")
    assert datasets.load(f"folder:{root}", None).labels.tolist() == [0, 1, 1], "hidden folders are passed over"


def test_a_link_to_nowhere_is_one_unreadable_picture(pictures: MakePictures) -> None:
    root = pictures(10)
    (root / "a" / "gone.png").symlink_to("nowhere")
    assert len(datasets.load(f"folder:{root}", None).images) == 10


def test_a_flat_folder_is_unlabelled(pictures: MakePictures) -> None:
    source = datasets.load(f"folder:{pictures(10) / 'a'}", None, image_size=8)
    assert source.images.shape == (5, 1, 8, 8)
    assert source.format.classes == ()
    assert source.labels.tolist() == [0] * 5
    with pytest.raises(ConfigError, match="have none"):
        datasets.load(f"folder:{source.dataset.removeprefix('folder:')}", None, classes="a")


def test_one_coloured_picture_makes_all_rgb(pictures: MakePictures) -> None:
    root = pictures(200)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(root / "b" / "0151.png")
    source = datasets.load(f"folder:{root}", None, image_size=4)
    assert source.images.shape == (200, 3, 4, 4)
    assert source.images[:100, :, 0, 0].tolist() == [[2 * number] * 3 for number in range(100)]
    assert source.images[175, :, 0, 0].tolist() == [255, 0, 0]
    assert source.images[176, :, 0, 0].tolist() == [153, 153, 153]


def test_a_part_of_a_folder(pictures: MakePictures) -> None:
    root = pictures(20)
    only_b = datasets.load(f"folder:{root}", None, classes="b")
    assert only_b.format.classes == ("b",)
    assert only_b.images[:, 0, 0, 0].tolist() == list(range(1, 20, 2))
    assert only_b.labels.tolist() == [0] * 10
    some = datasets.load(f"folder:{root}", None, limit=7)
    assert some.labels.tolist() == [int(number % 2) for number in some.images[:, 0, 0, 0]]
    assert len(np.unique(some.images[:, 0, 0, 0])) == 7
    with pytest.raises(ConfigError, match="20 images"):
        datasets.load(f"folder:{root}", None, limit=21)


def test_folders_that_cannot_be_used(pictures: MakePictures, tmp_path: Path) -> None:
    def refusal(root: Path) -> str:
        with pytest.raises(DataError) as caught:
            datasets.load(f"folder:{root}", None)
        return str(caught.value)

    assert "There is no folder" in refusal(tmp_path / "missing")
    (tmp_path / "void" / "a").mkdir(parents=True)
    assert "holds no pictures" in refusal(tmp_path / "void")
    root = pictures(4)
    assert "There is no folder" in refusal(root / "a" / "0000.png")
    Image.new("L", (4, 4)).save(root / "loose.png")
    assert "(loose.png) beside class folders (a)" in refusal(root)
    (root / "loose.png").unlink()
    for path in (root / "b").iterdir():
        path.unlink()
    assert f"only one class folder, a: add another, or train without classes on --dataset folder:{root / 'a'}" in (
        refusal(root)
    )
