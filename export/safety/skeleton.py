"""Read a model without its weights, before anything large is read or parsed.

Parsing a hostile file is itself dangerous: protocol buffers turn two bytes of an empty node into more than a hundred,
and one byte of a packed number into eight. So the tags and lengths of the file are walked first, guided by onnx's own
message descriptors, and weights are skipped without reading them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import onnx

from digitforge.files import LFS_POINTER

REST_LIMIT_BYTES = 8 * 2**20
"""Limit for everything but weights: the graph, texts, metadata, small constants."""
FIELD_LIMIT = 100_000
DEPTH_LIMIT = 16
SMALL_BYTES = 1024
"""Tensors up to this size are kept in the skeleton, because they may be shapes."""
WEIGHTS = ("graph.initializer.raw_data", "graph.initializer.float_data", "graph.initializer.double_data")
"""Fields in which numbers are stored as they are in memory."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class InvalidModel(Exception):
    """A file cannot be opened. The message is the rest of a sentence that begins with the file's name."""


DAMAGED = "is not an ONNX file, or it is damaged"


class Span(NamedTuple):
    """Position of some of an initializer's weights in the file."""

    start: int
    length: int
    """Bytes."""


@dataclass(frozen=True)
class Skeleton:
    """A model without its weights."""

    model: onnx.ModelProto
    spans: tuple[tuple[Span, ...], ...]
    """The weights that were left out, for each initializer."""


def read_skeleton(file: IO[bytes], size: int) -> Skeleton:
    """Read the skeleton of the model in `file`, which has `size` bytes. Raises InvalidModel if it is damaged."""
    if file.read(len(LFS_POINTER)) == LFS_POINTER:
        raise InvalidModel("is a pointer of Git LFS, not the model: run git lfs pull, or download the file itself")
    walk = _Walk(file)
    content = walk.message(onnx.ModelProto.DESCRIPTOR, 0, size, "", 0)
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf raises types of its own, which differ between its versions
        raise InvalidModel(DAMAGED) from error
    return Skeleton(model, tuple(map(tuple, walk.spans)))


@dataclass
class _Walk:
    file: IO[bytes]
    fields: int = 0
    kept: int = 0
    spans: list[list[Span]] = field(default_factory=list)

    def message(self, descriptor: Any, start: int, end: int, path: str, depth: int) -> bytes:
        """Return the message between two positions of the file, without weights. descriptor: from protobuf."""
        if depth > DEPTH_LIMIT:
            raise InvalidModel("nests deeper than any generator does")
        written, position = bytearray(), start
        self.file.seek(position)
        while position < end:
            self.fields += 1
            if self.fields > FIELD_LIMIT:
                raise InvalidModel(f"has more than {FIELD_LIMIT:,} fields; a generator is a far smaller graph")
            tag, position = self.varint(position, end)
            known = descriptor.fields_by_number.get(tag >> 3)
            name = f"{path}.{known.name}".lstrip(".") if known else ""
            if tag & 7 == BYTES:
                length, position = self.varint(position, end)
            elif tag & 7 == VARINT:
                length = self.varint(position, end)[1] - position
                self.file.seek(position)
            elif tag & 7 in (FIXED32, FIXED64):
                length = 4 if tag & 7 == FIXED32 else 8
            else:
                raise InvalidModel(DAMAGED)
            if not tag >> 3 or position + length > end:
                raise InvalidModel(DAMAGED)
            if name == "graph.initializer":
                self.spans.append([])
            if tag & 7 == BYTES and name in WEIGHTS and length > SMALL_BYTES:
                self.spans[-1].append(Span(position, length))
                self.file.seek(position + length)
            elif tag & 7 == BYTES and known and known.message_type:
                body = self.message(known.message_type, position, position + length, name, depth + 1)
                written += _varint(tag) + _varint(len(body)) + body
            else:
                self.kept += length
                if self.kept > REST_LIMIT_BYTES:
                    raise InvalidModel(f"has more than {REST_LIMIT_BYTES >> 20} MiB that are not weights of its graph")
                value = self.file.read(length)
                if known and known.type == known.TYPE_STRING and not _is_text(value):
                    raise InvalidModel(DAMAGED)
                written += _varint(tag) + (_varint(length) if tag & 7 == BYTES else b"") + value
            position += length
        return bytes(written)

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """Return the number at `position`, and the position after it."""
        value = 0
        for place in range(min(10, end - position)):
            byte = self.file.read(1)
            if not byte:
                break
            value |= (byte[0] & 0x7F) << 7 * place
            if byte[0] < 0x80:
                return value, position + place + 1
        raise InvalidModel(DAMAGED)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
