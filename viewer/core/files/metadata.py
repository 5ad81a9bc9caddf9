"""The recipe in a picture: how each format carries it, and how it is found without decoding a pixel.

PNG and APNG carry it as a tEXt chunk, GIF as a comment, WebP in its XMP, SVG in its <metadata>, MP4 as its comment. A
file may be anything: only headers are read, lengths are checked before what they announce, and nothing is unpacked.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from digitforge.errors import RecipeError, explain
from viewer.core.files.recipe import MOST_BYTES, Recipe, from_text

KEY = "digitforge"
PICTURES = (".png", ".apng", ".gif", ".webp", ".svg", ".mp4")
"""Suffixes of files that may carry a recipe."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PARTS = 1000
"""Chunks or boxes that are looked at; ours come early."""
_ELEMENT = re.compile(rb'<digitforge:recipe xmlns:digitforge="urn:digitforge">([^<]*)</digitforge:recipe>')


def to_xml(recipe: str) -> str:
    """The recipe as an element, for SVG and for `to_xmp`."""
    return (
        f'<digitforge:recipe xmlns:digitforge="urn:digitforge">{html.escape(recipe, quote=False)}</digitforge:recipe>'
    )


def to_xmp(recipe: str) -> bytes:
    """An XMP packet (ISO 16684-1) with the recipe as its only property."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="">{to_xml(recipe)}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def read_recipe(path: Path) -> Recipe:
    """The recipe that a picture carries. Raises RecipeError."""
    try:
        if not path.is_file():
            raise RecipeError(f"There is no file {path}.")
        with path.open("rb") as file:
            found = _find(file)
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {explain(error)}") from error
    if found is None:
        raise RecipeError(f"{path.name} carries no recipe: only pictures that were exported here do.")
    if len(found) > MOST_BYTES:
        raise RecipeError(f"{path.name} carries a recipe that is too long to be one.")
    return from_text(found.decode("ascii", "replace"))


def _find(file: BinaryIO) -> bytes | None:
    """The recipe's bytes, one more than allowed where it is too long; None where there is none, or the file ends."""
    head = file.read(12)
    file.seek(0)
    if head.startswith(PNG_SIGNATURE):
        return _in_png(file)
    if head.startswith(b"GIF8"):
        return _in_gif(file)
    if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
        return _in_webp(file)
    if head[4:8] == b"ftyp":
        return _in_mp4(file)
    return _in_xml(file.read(2 * MOST_BYTES))


def _in_png(file: BinaryIO) -> bytes | None:
    file.seek(len(PNG_SIGNATURE))
    for _ in range(MOST_PARTS):
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"IDAT":
            return None
        (size,) = struct.unpack(">I", header[:4])
        key = KEY.encode() + b"\0"
        body = file.read(min(size, len(key) + MOST_BYTES + 1)) if header[4:] == b"tEXt" else b""
        if body.startswith(key):
            return body[len(key) :] if len(body) >= min(size, MOST_BYTES) else None
        file.seek(size - len(body) + 4, 1)
    return None


def _in_gif(file: BinaryIO) -> bytes | None:
    screen = file.read(13)
    if len(screen) < 13:
        return None
    file.seek(3 * 2 ** ((screen[10] & 7) + 1) if screen[10] & 0x80 else 0, 1)
    for _ in range(MOST_PARTS):
        header = file.read(2)
        if len(header) < 2 or header[0] != 0x21:
            return None
        blocks = bytearray()
        while (size := file.read(1)) not in (b"", b"\0"):
            blocks += file.read(size[0])
            if len(blocks) > 2 * MOST_BYTES:
                return bytes(blocks)
        if header[1] == 0xFE and blocks.startswith(b'{"format":'):
            return bytes(blocks)
    return None


def _in_webp(file: BinaryIO) -> bytes | None:
    file.seek(12)
    for _ in range(MOST_PARTS):
        header = file.read(8)
        if len(header) < 8:
            return None
        (size,) = struct.unpack("<I", header[4:])
        if header[:4] == b"XMP ":
            return _in_xml(file.read(min(size, 2 * MOST_BYTES)))
        file.seek(size + size % 2, 1)
    return None


def _in_xml(text: bytes) -> bytes | None:
    """No parser: entities are never expanded."""
    found = _ELEMENT.search(text)
    return html.unescape(found[1].decode("ascii", "replace")).encode() if found else None


def _in_mp4(file: BinaryIO) -> bytes | None:
    """The comment that iTunes and ffmpeg write: moov/udta/meta/ilst/©cmt/data (ISO/IEC 14496-12)."""
    end = file.seek(0, 2)
    start = 0
    for wanted in (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data"):
        found = next((box for kind, *box in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found
        start += 4 if wanted == b"meta" else 0  # a version and flags come first
    file.seek(start + 8)  # a type and a locale come first
    return file.read(min(max(end - start - 8, 0), MOST_BYTES + 1))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of what is in each box between two places of the file."""
    for _ in range(MOST_PARTS):
        file.seek(start)
        header = file.read(16)
        if start + 8 > end or len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        body = 8
        if size == 1 and len(header) == 16:
            (size,), body = struct.unpack(">Q", header[8:]), 16
        size = size or end - start  # 0 goes to the end
        if size < body or start + size > end:
            return
        yield kind, start + body, start + size
        start += size
