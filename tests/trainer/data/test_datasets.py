from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from digitforge.errors import ConfigError, DataError
from trainer.config import Invert
from trainer.data import datasets


@pytest.mark.usefixtures("cache")
def test_auto_falls_back_and_says_so() -> None:
    source = datasets.load("auto", None)
    assert source.fell_back
    assert source.dataset == "sklearn-digits"


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", [name for name, row in datasets.DATASETS.items() if row.where])
def test_a_named_data_set_never_falls_back(name: str) -> None:
    with pytest.raises(DataError, match=rf"{name} was not found.*--data-dir.*DIGITFORGE_DATA.*network"):
        datasets.load(name, None)


def test_a_folder_has_the_name_of_its_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [datasets.short_name(each) for each in ("mnist", "folder:pics", "folder:/a/b/", "folder:.", "folder:/")]
    assert names == ["mnist", "pics", "b", tmp_path.name, "folder"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean kmnist"):
        datasets.load("k-mnist", None)


def test_embedded_digits_look_like_mnist() -> None:
    source = datasets.load("sklearn-digits", None)
    assert source.images.shape == (1797, 1, 28, 28)
    assert source.images.dtype == np.uint8
    assert source.images.max() == 255
    assert not source.images[:, :, :4].any(), "the border is empty"
    assert np.bincount(source.labels).min() > 170
    assert not source.fell_back


def test_the_hash_is_that_of_images_and_labels() -> None:
    source = datasets.load("sklearn-digits", None)
    assert source.sha256 == hashlib.sha256(source.images.tobytes() + source.labels.tobytes()).hexdigest()


def test_classes_keep_the_order_of_the_data_set() -> None:
    whole = datasets.load("sklearn-digits", None)
    some = datasets.load("sklearn-digits", None, classes="8, 3")
    assert some.format.classes == ("3", "8")
    chosen = np.isin(whole.labels, (3, 8))
    np.testing.assert_array_equal(some.images, whole.images[chosen])
    np.testing.assert_array_equal(some.labels, (whole.labels[chosen] == 8).astype(np.int64))
    assert some.sha256 != whole.sha256


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no class 'tree': choose one of 0, 1"):
        datasets.load("sklearn-digits", None, classes="3,tree")


def test_a_limit_takes_the_same_images_in_file_order() -> None:
    whole = datasets.load("sklearn-digits", None)
    some, again = (datasets.load("sklearn-digits", None, limit=50) for _ in range(2))
    assert some.sha256 == again.sha256
    places = [np.flatnonzero((whole.images == image).all(axis=(1, 2, 3)))[0] for image in some.images]
    assert len(set(places)) == 50
    assert places == sorted(places)
    assert places[-1] > 1500, "they come from everywhere"
    assert len(datasets.load("sklearn-digits", None, classes="3", limit=50).images) == 50


def test_a_limit_above_what_there_is_says_how_many_there_are() -> None:
    with pytest.raises(ConfigError, match="1,797"):
        datasets.load("sklearn-digits", None, limit=1_798)


def test_some_labels_are_kept_evenly_and_the_same_ones_every_time() -> None:
    whole, few = (datasets.load("sklearn-digits", None, labels=labels) for labels in (0, 104))
    known = few.labels >= 0
    assert (few.labels[known] == whole.labels[known]).all()
    assert sorted(np.bincount(few.labels[known])) == [10] * 6 + [11] * 4
    assert few.sha256 == datasets.load("sklearn-digits", None, labels=104).sha256 != whole.sha256
    more = datasets.load("sklearn-digits", None, labels=200)
    assert (more.labels[known] == few.labels[known]).all(), "more labels include the fewer ones"
    assert (datasets.load("sklearn-digits", None, labels=1797).labels == whole.labels).all()


@pytest.mark.parametrize(
    ("labels", "said"), [(1798, "1,797 images have one: lower"), (9, "each of the 10 classes needs one: raise")]
)
def test_a_number_of_labels_that_cannot_be_kept(labels: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        datasets.load("sklearn-digits", None, labels=labels)


@pytest.mark.parametrize("size", [14, 32])
def test_images_are_resized(size: int) -> None:
    whole = datasets.load("sklearn-digits", None, limit=20)
    scaled = datasets.load("sklearn-digits", None, limit=20, image_size=size, console=Console(quiet=True))
    assert scaled.images.shape == (20, 1, size, size)
    assert scaled.format.size == size
    np.testing.assert_allclose(scaled.images.mean(axis=(1, 2, 3)), whole.images.mean(axis=(1, 2, 3)), atol=4)


def test_real_mnist(mnist_dir: Path) -> None:
    source = datasets.load("mnist", mnist_dir)
    assert source.images.shape == (60_000, 1, 28, 28)
    assert np.bincount(source.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert len(datasets.load("mnist", mnist_dir, "test").images) == 10_000


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_the_docs_have_each_row_of_the_table(name: str) -> None:
    page = Path(__file__).parents[3].joinpath("docs", "data.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    row = datasets.DATASETS[name]
    assert row.where.removesuffix("/raw") in line
    assert row.licence in line
    assert f"{row.format.size}x{row.format.size}" in line
    assert ("grey" if row.format.channels == 1 else "RGB") in line


@pytest.mark.parametrize("form", ["folder", "npz", "named"])
@pytest.mark.parametrize(("paper", "invert", "swapped"), [
    (255, "auto", True), (0, "auto", False), (0, "true", True), (255, "false", False),
])  # fmt: skip
def test_light_and_dark_are_swapped(tmp_path: Path, form: str, paper: int, invert: Invert, swapped: bool) -> None:
    images = np.full((20, 32, 32), paper, np.uint8)
    images[:, 12:20, 12:20] = 100 + np.arange(20)[:, None, None]
    labels = np.arange(20) % 2
    if form == "folder":
        for number, image in enumerate(images):
            path = tmp_path / "set" / str(labels[number]) / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        dataset = f"folder:{tmp_path / 'set'}"
        images = images[np.argsort(labels, kind="stable")]
    elif form == "npz":
        np.savez(tmp_path / "set.npz", images=images, labels=labels)
        dataset = f"npz:{tmp_path / 'set.npz'}"
    else:
        dataset = "sklearn-digits"
        images, swapped = datasets.load(dataset, None).images[:, 0], invert == "true"
    for split in ("train", "test"):
        loaded = datasets.load(dataset, None, split, invert=invert).images[:, 0]
        assert np.array_equal(loaded, 255 - images if swapped else images)
