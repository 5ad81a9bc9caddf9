"""How each format carries a recipe, and how it is found without decoding a pixel.

PNG and APNG carry it in a tEXt chunk, GIF in a comment, WebP in its XMP, SVG in its <metadata>, MP4 in its comment. A
file may be hostile: only headers are read, every length is checked before it is used, and nothing is decompressed.

Each `find_in_...` function takes an open file and returns the bytes of the recipe, or None. Of a recipe that is too
long, it returns at least one byte more than MOST_BYTES.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from viewer.core.files.recipe import MOST_BYTES

KEY = "digitforge"
"""The keyword of the PNG chunk."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PARTS = 1000
"""Chunks or boxes that are searched; digitforge writes its own early."""
_ELEMENT = re.compile(rb'<digitforge:recipe xmlns:digitforge="urn:digitforge">([^<]*)</digitforge:recipe>')


def to_xml(recipe: str) -> str:
    """Return the recipe as an XML element, for SVG and `to_xmp`."""
    return (
        f'<digitforge:recipe xmlns:digitforge="urn:digitforge">{html.escape(recipe, quote=False)}</digitforge:recipe>'
    )


def to_xmp(recipe: str) -> bytes:
    """Return an XMP packet (ISO 16684-1) whose only property is the recipe."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="">{to_xml(recipe)}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def find_in_png(file: BinaryIO) -> bytes | None:
    """Find the recipe in a tEXt chunk before the pixels of a PNG or APNG file."""
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


def find_in_gif(file: BinaryIO) -> bytes | None:
    """Find the recipe in a comment before the first frame of a GIF file."""
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


def find_in_webp(file: BinaryIO) -> bytes | None:
    """Find the recipe in the XMP chunk of a WebP file."""
    file.seek(12)
    for _ in range(MOST_PARTS):
        header = file.read(8)
        if len(header) < 8:
            return None
        (size,) = struct.unpack("<I", header[4:])
        if header[:4] == b"XMP ":
            return _find_element(file.read(min(size, 2 * MOST_BYTES)))
        file.seek(size + size % 2, 1)
    return None


def find_in_svg(file: BinaryIO) -> bytes | None:
    """Find the recipe at the beginning of an SVG file."""
    return _find_element(file.read(2 * MOST_BYTES))


def _find_element(text: bytes) -> bytes | None:
    # No XML parser, so that entities are never expanded.
    found = _ELEMENT.search(text)
    return html.unescape(found[1].decode("ascii", "replace")).encode() if found else None


def find_in_mp4(file: BinaryIO) -> bytes | None:
    """Find the recipe in the comment of an MP4 file: moov/udta/meta/ilst/©cmt/data (ISO/IEC 14496-12)."""
    end = file.seek(0, 2)
    start = 0
    for wanted in (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data"):
        found = next((box for kind, *box in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found
        start += 4 if wanted == b"meta" else 0  # skip version and flags
    file.seek(start + 8)  # skip type and locale
    return file.read(min(max(end - start - 8, 0), MOST_BYTES + 1))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of the content of each box between two places of the file."""
    for _ in range(MOST_PARTS):
        file.seek(start)
        header = file.read(16)
        if start + 8 > end or len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        body = 8
        if size == 1 and len(header) == 16:
            (size,), body = struct.unpack(">Q", header[8:]), 16
        size = size or end - start  # 0: to the end of the file
        if size < body or start + size > end:
            return
        yield kind, start + body, start + size
        start += size
