"""A model without its weights, read from the file before anything large is read or parsed.

Protocol buffers turn two bytes of an empty node into more than a hundred, and one byte of a packed number into eight.
So the tags and lengths of a file are walked first, along onnx's own message descriptions; weights are skipped unread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import onnx

REST_LIMIT_BYTES = 8 * 2**20
"""What is not weights: the graph, texts, metadata, small constants."""
FIELD_LIMIT = 100_000
DEPTH_LIMIT = 16
SMALL_BYTES = 1024
"""Numbers up to this size stay in the outline: they may be shapes."""
WEIGHTS = ("graph.initializer.raw_data", "graph.initializer.float_data", "graph.initializer.double_data")
"""Where numbers lie as they will in memory."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Unfit(Exception):
    """What is wrong with a file, as the rest of a sentence that begins with the file's name."""


DAMAGED = "is not an ONNX file, or it is damaged"


class Span(NamedTuple):
    """Where the weights of an initializer lie in the file."""

    start: int
    length: int
    """Bytes."""


@dataclass(frozen=True)
class Outline:
    """A model without its weights."""

    model: onnx.ModelProto
    spans: tuple[tuple[Span, ...], ...]
    """What was left out of each initializer."""


def outline(file: IO[bytes], size: int) -> Outline:
    """Read the outline of the model in `file`, of `size` bytes. Raises Unfit where it is damaged or bloated."""
    walk = _Walk(file)
    content = walk.message(onnx.ModelProto.DESCRIPTOR, 0, size, "", 0)
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf raises its own types, and not always the same ones
        raise Unfit(DAMAGED) from error
    return Outline(model, tuple(map(tuple, walk.spans)))


@dataclass
class _Walk:
    file: IO[bytes]
    fields: int = 0
    kept: int = 0
    spans: list[list[Span]] = field(default_factory=list)

    def message(self, description: Any, start: int, end: int, path: str, depth: int) -> bytes:
        """The message between two positions of the file, weights left out. description: a protobuf descriptor."""
        if depth > DEPTH_LIMIT:
            raise Unfit("nests deeper than any generator does")
        written, position = bytearray(), start
        self.file.seek(position)
        while position < end:
            self.fields += 1
            if self.fields > FIELD_LIMIT:
                raise Unfit(f"describes more than {FIELD_LIMIT:,} things; a generator is a far smaller graph")
            tag, position = self.varint(position, end)
            known = description.fields_by_number.get(tag >> 3)
            name = f"{path}.{known.name}".lstrip(".") if known else ""
            if tag & 7 == BYTES:
                length, position = self.varint(position, end)
            elif tag & 7 == VARINT:
                length = self.varint(position, end)[1] - position
                self.file.seek(position)
            elif tag & 7 in (FIXED32, FIXED64):
                length = 4 if tag & 7 == FIXED32 else 8
            else:
                raise Unfit(DAMAGED)
            if not tag >> 3 or position + length > end:
                raise Unfit(DAMAGED)
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
                    raise Unfit(f"holds more than {REST_LIMIT_BYTES >> 20} MiB that are not weights of its graph")
                value = self.file.read(length)
                if known and known.type == known.TYPE_STRING and not _is_text(value):
                    raise Unfit(DAMAGED)
                written += _varint(tag) + (_varint(length) if tag & 7 == BYTES else b"") + value
            position += length
        return bytes(written)

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """The number at `position` and the position after it."""
        value = 0
        for place in range(min(10, end - position)):
            byte = self.file.read(1)
            if not byte:
                break
            value |= (byte[0] & 0x7F) << 7 * place
            if byte[0] < 0x80:
                return value, position + place + 1
        raise Unfit(DAMAGED)


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
