from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.decode import read_picture, scale


@pytest.fixture
def gradient() -> Image.Image:
    """A grey 8x8 picture, darkest on the left."""
    return Image.fromarray(np.tile(np.arange(8, dtype=np.uint8) * 32, (8, 1)))


def test_a_grey_picture_has_one_channel(gradient: Image.Image, tmp_path: Path) -> None:
    for name in ("plain.png", "lossless.bmp", "animation.gif", "scan.tiff"):
        gradient.save(tmp_path / name)
        np.testing.assert_array_equal(read_picture(tmp_path / name, 8)[0], np.asarray(gradient))


def test_grey_is_what_looks_grey(gradient: Image.Image, tmp_path: Path) -> None:
    for mode in ("RGB", "RGBA", "LA", "P"):
        path = tmp_path / f"{mode}.png"
        gradient.convert(mode).save(path)
        np.testing.assert_array_equal(read_picture(path, 8), np.asarray(gradient)[None])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".gif", ".tif"])
def test_colour(suffix: str, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (200, 100, 50)).save(tmp_path / f"colour{suffix}")
    pixels = read_picture(tmp_path / f"colour{suffix}", 4)
    assert pixels.shape == (3, 4, 4)
    np.testing.assert_allclose(pixels.mean(axis=(1, 2)), (200, 100, 50), atol=4)


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (250, 0, 10)).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "p.png")
    assert read_picture(tmp_path / "p.png", 8)[:, 0, 0].tolist() == [250, 0, 10]


def test_transparency_lies_on_black(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (200, 100, 50, 128)).save(tmp_path / "half.png")
    np.testing.assert_allclose(read_picture(tmp_path / "half.png", 8)[:, 0, 0], (100, 50, 25), atol=1)
    clear = Image.new("P", (8, 8), 0)
    clear.putpalette([255, 255, 255, 9, 9, 9])
    clear.save(tmp_path / "clear.png", transparency=0)
    assert not read_picture(tmp_path / "clear.png", 8).any()


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_are_scaled_to_eight(suffix: str, tmp_path: Path) -> None:
    deep = np.tile(np.array([0, 257, 128 * 257, 65_535], np.uint16), (4, 1))
    Image.fromarray(deep).save(tmp_path / f"deep{suffix}")
    assert read_picture(tmp_path / f"deep{suffix}", 4)[0, 0].tolist() == [0, 1, 128, 255]


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    np.testing.assert_allclose(read_picture(tmp_path / "print.jpg", 8)[:, 0, 0], (255, 0, 0), atol=4)


def test_a_camera_held_upright_is_believed(gradient: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    gradient.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "turned.png", 8)[0], np.asarray(gradient).T)


def test_the_middle_square_is_kept(tmp_path: Path) -> None:
    wide = np.zeros((4, 12), np.uint8)
    wide[:, 4:8] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(wide.T).save(tmp_path / "tall.png")
    assert (read_picture(tmp_path / "wide.png", 4) == 255).all()
    assert (read_picture(tmp_path / "tall.png", 4) == 255).all()


def test_shrinking_averages(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    np.testing.assert_allclose(read_picture(tmp_path / "stripes.png", 8), 127, atol=6)
    Image.fromarray(stripes).save(tmp_path / "stripes.jpg", quality=95)
    np.testing.assert_allclose(read_picture(tmp_path / "stripes.jpg", 8), 127, atol=12)


def test_pictures_become_square_as_asked() -> None:
    wide = Image.new("L", (12, 4), 200)
    wide.paste(50, (4, 0, 8, 4))
    assert (scale(wide, 4) == 50).all(), "the middle"
    padded = scale(wide, 12, "pad")[0]
    assert (padded[[0, 3, 8, 11]] == 200).all(), "a border in the colour of the edges"
    assert padded[6].min() == 50
    assert scale(wide, 12, "stretch")[0, 0].tolist() == padded[6].tolist()
    colour = Image.new("RGB", (4, 8), (250, 10, 20))
    assert scale(colour, 8, "pad")[:, 0, 0].tolist() == [250, 10, 20]
