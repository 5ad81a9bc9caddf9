from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge import cifar, mnist
from digitforge.errors import DataError
from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from trainer.data import datasets
from viewer.core.real.nearest import by_pixels, verdict
from viewer.core.real.pictures import load

DIGITS = tuple("0123456789")
COUNT = 20


def info(dataset: str = "mnist", classes: tuple[str, ...] = DIGITS, **more: str) -> GeneratorInfo:
    return GeneratorInfo(8, "normal", classes, 1, 28, 28, {"dataset": dataset, **more} if dataset else {})


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> UInt8:
    """Images of a small data set with the files of MNIST, packed, where $DIGITFORGE_DATA points to."""
    small = replace(mnist.MEMBERS["mnist"], counts={"train": (COUNT,), "test": (COUNT,)}, sha256={})
    monkeypatch.setitem(mnist.MEMBERS, "mnist", small)
    monkeypatch.setenv("DIGITFORGE_DATA", str(tmp_path))
    monkeypatch.setenv("DIGITFORGE_CACHE", str(tmp_path / "cache"))
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28), np.uint8)
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, values, axes in zip(small.files["train"], (images, np.arange(COUNT) % 10), (3, 1), strict=True):
        header = bytes([0, 0, 8, axes]) + np.array(values.shape, ">u4").tobytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))
    return images


def test_the_training_pictures_are_read_where_the_trainer_looks(written: UInt8) -> None:
    found = load(info())
    np.testing.assert_array_equal(found.pixels, written)
    assert (found.title, found.assumed, found.labels.tolist()) == ("MNIST", False, [*range(10), *range(10)])


def test_only_the_classes_of_the_generator_are_compared(written: UInt8) -> None:
    found = load(info(classes=("3", "8")))
    assert found.labels.tolist() == [3, 8, 3, 8]
    np.testing.assert_array_equal(found.pixels, written[[3, 8, 13, 18]])


def test_a_training_on_inverted_pictures_is_compared_with_them(written: UInt8) -> None:
    np.testing.assert_array_equal(load(info(config='{"invert": "true"}')).pixels, 255 - written)


def test_digits_from_elsewhere_are_compared_with_mnist(written: UInt8) -> None:
    assert load(info(dataset="")).assumed


def test_colour_pictures_are_read(written: UInt8, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cifar, "RECORDS", 4)
    records = np.random.default_rng(0).integers(0, 256, (5, 4, cifar.RECORD_BYTES), np.uint8)
    records[:, :, 0] = np.arange(20).reshape(5, 4) % 10
    (tmp_path / cifar.FOLDER).mkdir()
    for name, part in zip(cifar.FILES["train"], records, strict=True):
        (tmp_path / cifar.FOLDER / name).write_bytes(part.tobytes())
    found = load(GeneratorInfo(8, "normal", ("cat", "frog"), 3, 32, 32, {"dataset": "cifar10"}))
    assert [found.classes[label] for label in found.labels] == ["cat", "frog", "cat", "frog"]
    np.testing.assert_array_equal(
        found.pixels[2], records.reshape(20, -1)[13, 1:].reshape(3, 32, 32).transpose(1, 2, 0)
    )
    assert by_pixels(found.pixels, found.labels).nearest(found.pixels[1].reshape(-1)).rows[0] == 1


@pytest.mark.parametrize("labelled", [True, False])
def test_pictures_of_a_folder_are_those_that_the_training_decoded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, labelled: bool
) -> None:
    monkeypatch.setenv("DIGITFORGE_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    for name in ("cat", "dog") * labelled + ("",):
        (tmp_path / "pets" / name).mkdir(parents=True, exist_ok=True)
        for number in range(3):
            pixels = random.integers(0, 256, (20, 20, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    source = datasets.load(f"folder:{tmp_path / 'pets'}", None, image_size=16)
    datasets.load(f"folder:{tmp_path / 'pets'}", None, image_size=8)
    facts = {"dataset": "folder:pets", "data_sha256": source.sha256}
    classes = source.format.classes if labelled else ()
    generator = GeneratorInfo(8, "normal", classes, 3, 16, 16, facts)
    found = load(generator)
    np.testing.assert_array_equal(found.pixels, source.images.transpose(0, 2, 3, 1))
    names = [found.classes[label] for label in found.labels]
    assert names == ([*[""] * 3, *["cat"] * 3, *["dog"] * 3] if labelled else [""] * 3)
    assert found.title == "pets"
    index = by_pixels(found.pixels, found.labels).measured(lambda done, of: None)
    nearest = index.nearest(found.pixels[0].reshape(-1))
    assert verdict(nearest, found.title, found.classes[nearest.label]) == "A copy! This very picture is in pets."
    for store in (tmp_path / "cache" / "stores").iterdir():
        (store / "images").write_bytes(b"")
    with pytest.raises(DataError, match="folder:pets, as the training decoded them, are not in the cache"):
        load(generator)


@pytest.mark.parametrize(
    ("generator", "sentence"),
    [
        (info("kmnist"), "set the environment variable DIGITFORGE_DATA to the folder that holds KMNIST/raw/train-"),
        (info("stacked-mnist"), "learned from stacked-mnist; only MNIST"),
        (info("folder:cats"), "folder:cats, as the training decoded them, are not in the cache folder"),
        (info("cifar10"), "28x28 in grey and CIFAR-10's are 32x32 in colour"),
        (GeneratorInfo(8, "normal", (), 3, 32, 32, {"dataset": "cifar10"}), "holds cifar-10-batches-bin/data_batch_1"),
        (GeneratorInfo(8, "normal", (), 3, 28, 28, {}), "does not say which pictures"),
        (
            GeneratorInfo(8, "normal", (), 1, 32, 32, {"dataset": "mnist"}),
            "are 32x32 in grey and MNIST's are 28x28 in grey",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(written: UInt8, generator: GeneratorInfo, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        load(generator)
    assert str(caught.value).endswith(".")


def test_real_mnist_has_60_000_pictures(mnist_dir: Path) -> None:
    found = load(info())
    assert found.pixels.shape == (60_000, 28, 28)
    assert found.pixels.dtype == np.uint8
    assert np.bincount(found.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
