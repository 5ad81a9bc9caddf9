from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer import sources
from trainer.errors import DataError


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No environment variable, no cache, no network."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.delenv("DIGITFORGE_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("torchvision.datasets.MNIST.__init__", refuse)


@pytest.mark.usefixtures("offline")
def test_auto_falls_back_and_says_so() -> None:
    source = sources.load("auto", None)
    assert source.fell_back
    assert source.dataset == "sklearn-digits"


@pytest.mark.usefixtures("offline")
def test_a_named_data_set_never_falls_back() -> None:
    with pytest.raises(DataError, match=r"--data-dir.*DIGITFORGE_DATA.*network"):
        sources.load("mnist", None)


def test_embedded_digits_look_like_mnist() -> None:
    source = sources.load("sklearn-digits", None)
    assert source.images.shape == (1797, 1, 28, 28)
    assert source.images.dtype == np.uint8
    assert source.images.max() == 255
    assert not source.images[:, :, :4].any(), "the border is empty"
    assert np.bincount(source.labels).min() > 170
    assert not source.fell_back


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("damage", ["truncate", "alter", "remove"])
def test_damaged_mnist_is_named_even_by_auto(mnist_dir: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "MNIST" / "raw"
    shutil.copytree(mnist_dir, folder)
    victim = folder / "train-labels-idx1-ubyte"
    content = victim.read_bytes()
    if damage == "truncate":
        victim.write_bytes(content[:1000])
    elif damage == "alter":
        victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        victim.unlink()
    with pytest.raises(DataError, match="train-labels-idx1-ubyte"):
        sources.load("auto", tmp_path)


def test_mnist_is_found_in_order(mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second / "MNIST" / "raw"):
        folder.mkdir(parents=True)
        (folder / "train-images-idx3-ubyte").touch()
    monkeypatch.setenv("DIGITFORGE_DATA", str(second))
    assert sources.find_mnist(first) == first
    assert sources.find_mnist(tmp_path / "nothing") == second / "MNIST" / "raw"


def test_real_mnist(mnist_dir: Path) -> None:
    source = sources.load("mnist", mnist_dir)
    assert source.images.shape == (60_000, 1, 28, 28)
    assert np.bincount(source.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert len(sources.load("mnist", mnist_dir, "test").images) == 10_000
