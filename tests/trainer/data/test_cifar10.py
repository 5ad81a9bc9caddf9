from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitforge import cifar
from digitforge.errors import DataError
from trainer.data import cifar10, datasets

RECORDS = 20


@pytest.fixture
def batches(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Write CIFAR-10 with RECORDS records per file; a pixel is file + 50 channel + column."""
    monkeypatch.setattr(cifar, "RECORDS", RECORDS)
    folder = tmp_path / "data" / cifar.FOLDER
    folder.mkdir(parents=True)
    for number, name in enumerate([*cifar.FILES["train"], *cifar.FILES["test"]]):
        records = np.zeros((RECORDS, cifar.RECORD_BYTES), np.uint8)
        records[:, 0] = np.arange(RECORDS) % 10
        pixels = number + np.array([0, 50, 100])[:, None, None] + np.arange(32) + np.zeros((32, 1), np.int64)
        records[:, 1:] = pixels.reshape(-1)
        (folder / name).write_bytes(records.tobytes())
    return tmp_path / "data"


def test_records_are_read(batches: Path) -> None:
    source = datasets.load("cifar10", batches)
    assert source.images.shape == (5 * RECORDS, 3, 32, 32)
    assert source.images.flags.c_contiguous
    assert source.images[RECORDS, :, 7, 3].tolist() == [1 + 0 + 3, 1 + 50 + 3, 1 + 100 + 3]
    assert source.labels.tolist() == [index % 10 for index in range(5 * RECORDS)]
    assert source.format.channels == 3
    assert source.format.classes[3] == "cat"
    assert datasets.load("cifar10", batches, "test").images[0, 0, 0, 0] == 5


def test_colour_images_are_resized(batches: Path) -> None:
    source = datasets.load("cifar10", batches, classes="cat,dog", image_size=16)
    assert source.images.shape == (2 * RECORDS // 10 * 5, 3, 16, 16)
    assert source.format.classes == ("cat", "dog")
    assert (source.images[0, 1].astype(int) - source.images[0, 0] == 50).all()


@pytest.mark.parametrize("damage", ["truncated", "label", "missing"])
def test_damaged_files_are_named(batches: Path, damage: str) -> None:
    victim = batches / cifar.FOLDER / "data_batch_3.bin"
    content = victim.read_bytes()
    if damage == "truncated":
        victim.write_bytes(content[:-1])
    elif damage == "label":
        victim.write_bytes(b"\x0a" + content[1:])
    else:
        victim.unlink()
    with pytest.raises(DataError, match=r"data_batch_3\.bin"):
        datasets.load("cifar10", batches)


def test_it_is_downloaded_once(batches: Path, serve: Callable[[Path], list[str]], cache: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with tarfile.open(tmp_path / "served" / "cifar-10-binary.tar.gz", "w:gz") as archive:
        archive.add(batches / cifar.FOLDER, cifar.FOLDER)
    urls = serve(tmp_path / "served")
    for _ in range(2):
        assert len(datasets.load("cifar10", None).images) == 5 * RECORDS
    assert urls == [cifar10.URL]
    assert [path.name for path in cache.iterdir()] == [cifar.FOLDER]
