"""Making a set of colour pictures from a font."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageFont

from tools.emoji import FONT, draw, main


def test_a_character_is_drawn_in_the_middle_of_a_white_square() -> None:
    font = ImageFont.load_default(60)
    assert isinstance(font, ImageFont.FreeTypeFont)
    picture = draw("O", font)
    assert picture is not None
    assert (picture.size, picture.mode) == ((128, 128), "RGB")
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    box = picture.convert("L").point(lambda grey: 255 * (grey < 128)).getbbox()
    assert box is not None
    assert abs((box[0] + box[2]) / 2 - 64) <= 2
    assert abs((box[1] + box[3]) / 2 - 64) <= 2
    assert draw(" ", font) is None


def test_a_font_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "out"), "--font", str(tmp_path / "none.ttf")]) == 2
    assert "none.ttf is no emoji font: install fonts-noto-color-emoji" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(not FONT.is_file(), reason="needs fonts-noto-color-emoji")
def test_the_font_makes_more_than_a_thousand_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1_000
    assert f"{len(files)} pictures" in capsys.readouterr().out
    with Image.open(tmp_path / "1f600.png") as face:
        assert face.convert("RGB").getpixel((64, 20)) != (255, 255, 255)
