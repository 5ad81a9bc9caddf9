"""Pictures that people bring are read, or refused with a sentence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge.errors import PictureError
from export.inversion.pictures import LONGEST_SIDE, read_picture


def test_a_picture_is_grey_and_upright(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:5] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo.jpg"
    Image.fromarray(pixels).save(path, exif=exif)
    grey = read_picture(path)
    assert grey.shape == (30, 20)
    assert grey.dtype == np.float32
    assert grey[:, -3:].min() > 0.9
    assert grey[:, :12].max() < 0.1


def test_a_large_picture_is_reduced(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (5000, 2500), 128).save(path)
    assert max(read_picture(path).shape) <= LONGEST_SIDE


def test_deep_pictures(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.linspace(0, 40_000, 400).reshape(20, 20).astype(np.uint16)).save(path)
    grey = read_picture(path)
    assert (grey.min(), grey.max()) == (0, 1)


def test_a_photograph_with_a_preview(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    views = [Image.new("L", (40, 30), value) for value in (250, 0)]
    views[0].save(path, "MPO", save_all=True, append_images=views[1:])
    assert read_picture(path).min() > 0.9


def huge(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(start + struct.pack(">I", 9) + b"IDAT")


def large(path: Path) -> None:
    Image.new("1", (10_000, 10_000)).save(path, "PNG")


def animated(path: Path) -> None:
    frames = [Image.new("L", (30, 30), value) for value in (0, 99, 200)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


def cut(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99)).astype(np.uint8)).save(path, "PNG")
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (huge, "x has more than 89 million pixels: reduce it first."),
        (large, "x has more than 89 million pixels: reduce it first."),
        (animated, "x is animated: save one of its pictures as a file."),
        (cut, "x is damaged: it cannot be decoded."),
        (lambda path: path.write_bytes(b"hello"), "x is not a picture in a format that is read: PNG, JPEG, WEBP, "),
        (lambda path: Image.new("L", (3, 90)).save(path, "PNG"), "x is too small: it must be at least 8 pixels"),
        (lambda path: path.mkdir(), "x cannot be read: "),
        (lambda path: None, "x cannot be read: no such file"),
    ],
)
def test_what_cannot_be_read(make: object, sentence: str, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "x")
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "x")
    assert str(caught.value).startswith(sentence)
