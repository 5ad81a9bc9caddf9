"""Make a set of colour pictures from an emoji font: `python -m tools.emoji FOLDER [--font FILE]`.

Writes one PNG for each emoji of a single character, 128x128 on white. The default font is Debian's package
fonts-noto-color-emoji (`apt-get install fonts-noto-color-emoji`). The pictures are for trying out colours:

    python -m tools.emoji emoji
    accelerate launch trainer/train.py --preset colour-64 --dataset folder:emoji --conditional false
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from digitforge.errors import DataError, exit_status
from digitforge.files import user_path, write_json

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
STRIKE = 109
"""The only size in which the font has pictures, in pixels."""
BLOCKS = ((0x203C, 0x3300), (0x1F000, 0x1FB00))
"""Where Unicode has emoji, half-open ranges."""
MODIFIERS = range(0x1F1E6, 0x1F200), range(0x1F3FB, 0x1F400)
"""Letters of flags and skin tones, which are no pictures of their own."""
SIDE = 128


def draw(character: str, font: ImageFont.FreeTypeFont) -> Image.Image | None:
    """Return a picture of a character in the middle of a white square; None if the font has none in colour."""
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    if right <= left or bottom <= top:
        return None
    picture = Image.new("RGBA", (right - left, bottom - top))
    ImageDraw.Draw(picture).text((-left, -top), character, fill="black", font=font, embedded_color=True)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    page = Image.new("RGBA", (SIDE, SIDE), "white")
    page.alpha_composite(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
    return page.convert("RGB") if picture.getchannel("A").getbbox() else None


def make(folder: Path, font_file: Path) -> int:
    """Write the pictures and return how many there are. Raises DataError if the font cannot be read."""
    try:
        font = ImageFont.truetype(str(font_file), STRIKE)
    except OSError as error:
        raise DataError(f"{font_file} is no emoji font: install fonts-noto-color-emoji, or use --font.") from error
    folder.mkdir(parents=True, exist_ok=True)
    missing = draw(chr(0x10FFFD), font)
    count = 0
    for code in (code for first, end in BLOCKS for code in range(first, end)):
        if any(code in modifiers for modifiers in MODIFIERS):
            continue
        picture = draw(chr(code), font)
        if picture is not None and (missing is None or picture.tobytes() != missing.tobytes()):
            picture.save(folder / f"{code:05x}.png")
            count += 1
    return count


def command(given: argparse.Namespace) -> None:
    """Write the pictures."""
    count = make(given.folder, given.font)
    if given.json:
        write_json(given.json, {"pictures": count})
    print(f"{count} pictures in {given.folder}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.emoji", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=user_path, help="folder to write")
    parser.add_argument("--font", type=user_path, default=FONT, help="font with colour bitmaps; default: %(default)s")
    parser.add_argument("--json", type=user_path, metavar="FILE", help="write the number of pictures there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
