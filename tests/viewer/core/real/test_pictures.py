from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitforge import mnist
from digitforge.errors import DataError
from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
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


@pytest.mark.parametrize(
    ("generator", "sentence"),
    [
        (info("kmnist"), "set the environment variable DIGITFORGE_DATA to the folder that holds KMNIST/raw/train-"),
        (info("folder:cats"), "learned from folder:cats; only MNIST"),
        (GeneratorInfo(8, "normal", (), 3, 28, 28, {}), "does not say which pictures"),
        (GeneratorInfo(8, "normal", (), 1, 32, 32, {"dataset": "mnist"}), "have 32x32 pixels and MNIST's have 28x28"),
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
