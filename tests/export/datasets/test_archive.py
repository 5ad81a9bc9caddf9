from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from export.datasets import archive
from export.datasets.archive import ArrayWriter, joined_crc32, write_directory


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("count", [0, 1, 11, 64])
def test_numpy_and_zip_read_the_archive(
    tmp_path: Path, first: int, count: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(archive, "PIECE_BYTES", 8 * 9)
    images = rng.integers(0, 256, (count, 3, 3), np.uint8)
    with (tmp_path / "a.npz").open("wb") as file:
        array = ArrayWriter(file, "images", "|u1", images.shape, first)
        for start in range(0, images.size, 50):
            array.write(images.tobytes()[start : start + 50])
        array.close()
        write_directory(file, [array])
    with np.load(tmp_path / "a.npz") as read:
        np.testing.assert_array_equal(read["images"], images)
    with zipfile.ZipFile(tmp_path / "a.npz") as opened:
        assert opened.testzip() is None


@pytest.mark.parametrize("sizes", [(0, 0), (0, 7), (7, 0), (1000, 1), (3, 100_000)])
def test_the_checksum_of_two_contents_follows_from_their_own(sizes: tuple[int, int]) -> None:
    one, other = (os.urandom(size) for size in sizes)
    assert joined_crc32(zlib.crc32(one), zlib.crc32(other), len(other)) == zlib.crc32(one + other)
