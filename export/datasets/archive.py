"""Write NumPy archives in compressed pieces that another archive can take over as they are.

The pieces of an array begin at fixed positions of the whole data set's numbering and are compressed independently. So
the archive of a whole data set consists of the same pieces as those of its shards, except where two shards meet.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import BinaryIO

import numpy as np

PIECE_BYTES = 2**18
"""Most bytes of an array in one piece, before compression; an item of the array that is larger is one piece."""
LAST_BLOCK = b"\x03\x00"
"""An empty last block, which ends a deflate stream."""
VERSION, DEFLATED = 45, 8
"""The version of the zip format that has 64-bit sizes, and the number of its compression method."""
DATE = 0x21
"""1980-01-01, the first date of the zip format: an archive depends on its contents alone."""
LOCAL, CENTRAL = "<4s5H3I2H", "<4s6H3I5H2I"
"""Layouts of the headers before a member and in the directory."""
BIG = 0xFFFFFFFF
"""Stands for a size or an offset that the 64-bit field gives."""


@dataclass(frozen=True)
class WholePieces:
    """The complete pieces of an array, which are adjacent in the archive."""

    start: int
    """Their offset in the archive's file."""
    size: int
    """Their compressed size in bytes."""
    crc32: int
    """CRC-32 of their content."""
    compressed_crc32: int
    """CRC-32 of the compressed bytes."""

    def to_json(self) -> dict[str, int]:
        """Return the facts as JSON values."""
        return asdict(self)


def piece_length(item_bytes: int) -> int:
    """Return how many items of an array are one piece."""
    return max(1, PIECE_BYTES // item_bytes)


class ArrayWriter:
    """Writes one array of an archive, from its content or from the pieces of another archive."""

    def __init__(self, file: BinaryIO, name: str, dtype: str, shape: tuple[int, ...], first: int = 0) -> None:
        """first: the number of the array's first item in the whole data set."""
        item = np.dtype(dtype).itemsize * math.prod(shape[1:])
        length = piece_length(item)
        self._file, self.name = file, f"{name}.npy".encode()
        self._piece = length * item
        self._room = self._piece - first % length * item
        self._buffer = bytearray()
        self.offset = file.tell()
        self.crc32 = self.size = self.compressed = 0
        self._whole = WholePieces(0, 0, 0, 0)
        self._write_header()
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
        self._add(header.getvalue())

    def write(self, content: bytes) -> None:
        """Add raw content."""
        self._buffer += content
        while len(self._buffer) >= self._room:
            piece, whole = bytes(self._buffer[: self._room]), self._room == self._piece
            del self._buffer[: self._room]
            self._room = self._piece
            if not whole:
                self._add(piece)
                continue
            compressed = _compress(piece)
            self._note(len(compressed), len(piece), zlib.crc32(piece), zlib.crc32(compressed), self._file.tell())
            self._file.write(compressed)

    def copy(self, compressed: Iterable[bytes], pieces: WholePieces, size: int) -> None:
        """Add whole pieces of another archive. size: of their content. What was written before must end a piece."""
        assert not self._buffer
        assert self._room == self._piece
        self._note(pieces.size, size, pieces.crc32, pieces.compressed_crc32, self._file.tell())
        for content in compressed:
            self._file.write(content)

    def close(self) -> WholePieces:
        """Finish the array and return what is known of its whole pieces."""
        if self._buffer:
            self._add(bytes(self._buffer))
        if not self._whole.size:
            self._whole = WholePieces(self._file.tell(), 0, 0, 0)
        self._file.write(LAST_BLOCK)
        self.compressed += len(LAST_BLOCK)
        self._file.seek(self.offset)
        self._write_header()
        self._file.seek(0, io.SEEK_END)
        return self._whole

    def directory_entry(self) -> bytes:
        """Return the entry of the finished array in the archive's directory."""
        extra = struct.pack("<2H3Q", 1, 24, self.size, self.compressed, self.offset)
        return (
            struct.pack(
                CENTRAL, b"PK\x01\x02", VERSION, VERSION, 0, DEFLATED, 0, DATE, self.crc32, BIG, BIG,
                len(self.name), len(extra), 0, 0, 0, 0o600 << 16, BIG,
            )
            + self.name
            + extra
        )  # fmt: skip

    def _write_header(self) -> None:
        extra = struct.pack("<2H2Q", 1, 16, self.size, self.compressed)
        header = struct.pack(
            LOCAL, b"PK\x03\x04", VERSION, 0, DEFLATED, 0, DATE, self.crc32, BIG, BIG, len(self.name), len(extra)
        )
        self._file.write(header + self.name + extra)

    def _add(self, content: bytes) -> None:
        """Write content that is not a whole piece."""
        compressed = _compress(content)
        self._file.write(compressed)
        self.crc32 = zlib.crc32(content, self.crc32)
        self.size += len(content)
        self.compressed += len(compressed)

    def _note(self, compressed: int, size: int, crc32: int, compressed_crc32: int, start: int) -> None:
        """Count whole pieces that are written at `start`."""
        before = self._whole
        self._whole = WholePieces(
            before.start if before.size else start,
            before.size + compressed,
            joined_crc32(before.crc32, crc32, size),
            joined_crc32(before.compressed_crc32, compressed_crc32, compressed),
        )
        self.crc32 = joined_crc32(self.crc32, crc32, size)
        self.size += size
        self.compressed += compressed


def write_directory(file: BinaryIO, arrays: Iterable[ArrayWriter]) -> None:
    """End an archive with the directory of its arrays, which must be closed."""
    entries = [array.directory_entry() for array in arrays]
    start, size, count = file.tell(), sum(map(len, entries)), len(entries)
    file.write(b"".join(entries))
    file.write(struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, VERSION, VERSION, 0, 0, count, count, size, start))
    file.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1))
    file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, size, BIG, 0))


def joined_crc32(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of two contents in a row from their own. size: bytes of the second one.

    Source: the polynomial arithmetic of zlib's crc32_combine.
    """
    return _multiplied(_power(8 * size), first) ^ second


def _compress(content: bytes) -> bytes:
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)


def _multiplied(one: int, other: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32; the highest bit is the constant term."""
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (0xEDB88320 if other & 1 else 0)
    return product


def _power(exponent: int) -> int:
    """Return x to this power."""
    power, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            power = _multiplied(power, square)
        square = _multiplied(square, square)
        exponent >>= 1
    return power
