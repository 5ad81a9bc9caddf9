"""Join the shards of a data set to the file that one process would have made, to the byte.

Compressed pieces are copied as they are; only those where two shards meet are compressed again. Every shard is checked
by its checksums while it is read, and memory does not grow with the data set.
"""

from __future__ import annotations

import io
import json
import math
import shlex
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from digitforge.errors import ExportError, explain_read
from digitforge.files import atomic_file, write_json
from export.datasets.archive import LOCAL, ArrayWriter, WholePieces, joined_crc32, piece_length, write_directory
from export.datasets.card import Card, card_path, exists
from export.datasets.sampling import SampleRequest

FORM = "npz"
COPY_BYTES = 2**20
NAMED = 12
"""Number of missing shards, or ranges of them, that a message names."""
DAMAGED = (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, struct.error)
"""What reading a damaged archive raises."""

Report = Callable[[int, int], None]
"""Called with the numbers of bytes written and in all. It may raise to stop the work."""


@dataclass(frozen=True)
class Shard:
    """A finished shard."""

    path: Path
    card: Card

    @property
    def part(self) -> int:
        """Its number, from 1."""
        return int(self.card["request"]["shard"][0])

    @property
    def parts(self) -> int:
        """The number of shards in all."""
        return int(self.card["request"]["shard"][1])

    @property
    def span(self) -> tuple[int, int]:
        """The numbers of its first image and of the one after its last."""
        count = int(self.card["request"]["count"])
        return SampleRequest(count, shard=(self.part, self.parts)).span(0, count)


def join_shards(folder: Path, out: Path, report: Report = lambda *_: None) -> tuple[int, bool]:
    """Join the shards in `folder`; return the number of images, and whether `out` is new.

    Raises ExportError if a shard is missing, damaged or of another request, or `out` is something else, and CannotWrite
    if the disk is full. `out` is complete or absent.
    """
    if out.suffix != ".npz":
        raise ExportError(f"--out is {out}, but joined shards are a .npz file.")
    shards = find_shards(folder)
    card = _whole_card(shards, out)
    new = not exists(out, FORM, card)
    if new:
        total, done = sum(shard.path.stat().st_size for shard in shards), 0

        def copied(count: int) -> None:
            nonlocal done
            done += count
            report(min(done, total), total)

        with atomic_file(out) as temporary:
            with temporary.open("wb") as file:
                images = _join(file, "images", shards, copied)
                labels = _join(file, "labels", shards, copied)
                write_directory(file, [images[0], labels[0]])
            card["archive"] = {"images": images[1].to_json(), "labels": labels[1].to_json()}
            write_json(card_path(out, FORM), card)
    return int(card["images"]["all"]), new


def find_shards(folder: Path) -> list[Shard]:
    """Return the shards in `folder`, in order.

    Raises ExportError if there are none, if they are of different requests, or if one is missing or there twice.
    """
    if not folder.is_dir():
        raise ExportError(f"{folder} is not a folder: name the one that holds the shards.")
    found = [shard for path in sorted(folder.glob("*.card.json")) if (shard := _open(path)) and shard.parts > 1]
    if not found:
        raise ExportError(f"{folder} holds no shards: --shard I/N --out {folder}/I.npz makes the I-th of N.")
    first = found[0]
    for other in found[1:]:
        if differing := _difference(first.card, other.card):
            raise ExportError(f"{first.path} and {other.path} do not belong together: they differ in {differing}.")
    by_number: dict[int, Shard] = {}
    for shard in found:
        if twin := by_number.get(shard.part):
            raise ExportError(f"{twin.path} and {shard.path} are both shard {shard.part}: remove one of them.")
        by_number[shard.part] = shard
    if missing := [part for part in range(1, first.parts + 1) if part not in by_number]:
        raise ExportError(
            f"{folder} lacks {len(missing):,} of {first.parts:,} shards: {_ranges(missing)}. Make what is missing with "
            "the same command, or wait until it has finished."
        )
    return [by_number[part] for part in sorted(by_number)]


def _open(card: Path) -> Shard | None:
    """Return the shard that a card is of; None if it is no card of a finished data set in this format."""
    path = card.with_name(f"{card.name.removesuffix('.card.json')}.{FORM}")
    try:
        shard = Shard(path, json.loads(card.read_text(encoding="utf-8")))
        usable = path.is_file() and shard.card["format"] == FORM and 1 <= shard.part <= shard.parts
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    if usable and shard.parts > 1 and "archive" not in shard.card:
        raise ExportError(f"{path} was made by an older version, whose shards cannot be joined: make it again.")
    return shard if usable else None


def _difference(one: Card, other: Card) -> str:
    """Return what keeps two shards from being of one request, for a message; empty if nothing does."""
    models = one["model"], other["model"]
    name = (
        "digest" if all("digest" in model for model in models) else "sha256"
    )  # older cards have the file's hash alone
    first, second = (model[name] for model in models)
    if first != second:
        return f"the model ({first[:12]}, {second[:12]})"

    def facts(card: Card) -> dict[str, Any]:
        kept = ("classifier_weights_sha256", "discriminator_sha256", "provider", "versions")
        return dict(card["request"]) | {"shard": card["request"]["shard"][1]} | {key: card.get(key) for key in kept}

    ones, others = facts(one), facts(other)
    for key in ones | others:
        if ones.get(key) != others.get(key):
            name = "the number of shards" if key == "shard" else f"`{key}`"
            return f"{name} ({json.dumps(ones.get(key))}, {json.dumps(others.get(key))})"
    return ""


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers as "3, 7-9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in ranges[:NAMED]]
    return ", ".join(shown) + (", ..." if len(ranges) > NAMED else "")


def _whole_card(shards: Sequence[Shard], out: Path) -> Card:
    """Return the card that one process would have written, apart from the facts of the archive."""
    card: Card = json.loads(json.dumps(shards[0].card))
    card["request"]["shard"] = [1, 1]
    words = shlex.split(card["command"])
    at = words.index("--shard")
    del words[at : at + 2]
    words[words.index("--out") + 1] = out.name
    card["command"] = shlex.join(words)
    counts = [shard.card["images"]["by_class"] for shard in shards]
    by_class = {name: sum(count[name] for count in counts) for name in counts[0]}
    card["images"] = {"all": sum(by_class.values()), "by_class": by_class}
    return card


def _join(
    file: BinaryIO, name: str, shards: Sequence[Shard], copied: Callable[[int], None]
) -> tuple[ArrayWriter, WholePieces]:
    """Write one array from those of all shards."""
    array: ArrayWriter | None = None
    for shard in shards:
        try:
            with _Part(shard, name) as part:
                if array is None:
                    shape = (int(shard.card["request"]["count"]), *part.shape[1:])
                    array = ArrayWriter(file, name, part.dtype, shape)
                part.add_to(array, copied)
        except DAMAGED as error:
            raise ExportError(f"{shard.path} is damaged: delete it and its card, and make this shard again.") from error
    assert array is not None
    return array, array.close()


class _Part:
    """One array of a shard, open for reading."""

    def __init__(self, shard: Shard, name: str) -> None:
        self._shard = shard
        self._whole = WholePieces(**shard.card["archive"][name])
        try:
            self._file = shard.path.open("rb")
        except OSError as error:
            raise ExportError(f"{shard.path} cannot be read: {explain_read(error)}") from error
        try:
            self._begin(name)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _begin(self, name: str) -> None:
        """Find the array, and read its header and what stands before the whole pieces."""
        with zipfile.ZipFile(self._file) as archive:
            self._member = archive.getinfo(f"{name}.npy")
        self._file.seek(self._member.header_offset)
        header = struct.unpack(LOCAL, self._read(struct.calcsize(LOCAL)))
        start = self._member.header_offset + struct.calcsize(LOCAL) + header[-2] + header[-1]
        self._stop = start + self._member.compress_size
        self._file.seek(start)
        begun = io.BytesIO(self._unpacked(self._whole.start - start))
        np.lib.format.read_magic(begun)
        self.shape, _, dtype = np.lib.format.read_array_header_1_0(begun)
        self.dtype = str(dtype.str)
        header_bytes = begun.tell()
        self._head = begun.read()
        self._crc32 = zlib.crc32(begun.getvalue())
        self._item = dtype.itemsize * math.prod(self.shape[1:])
        first, stop = self._shard.span
        if self.shape[0] != stop - first or self._member.file_size != header_bytes + self._item * (stop - first):
            raise ValueError("the array has another length")

    def add_to(self, array: ArrayWriter, copied: Callable[[int], None]) -> None:
        """Add everything to the joined array. Raises ValueError if the shard's checksums differ."""
        first, stop = self._shard.span
        length = piece_length(self._item)
        pieces = max(0, stop // length - -(-first // length))
        array.write(self._head)
        if bool(pieces) != bool(self._whole.size):
            raise ValueError("the card is of another file")
        if pieces:
            array.copy(self._pieces(copied), self._whole, pieces * length * self._item)
        tail = self._unpacked(self._stop - self._file.tell())
        array.write(tail)
        whole = joined_crc32(self._crc32, self._whole.crc32, pieces * length * self._item)
        if zlib.crc32(tail, whole) != self._member.CRC:
            raise ValueError("the content has another checksum")

    def _pieces(self, copied: Callable[[int], None]) -> Iterator[bytes]:
        """Yield the compressed whole pieces."""
        left, crc32 = self._whole.size, 0
        while left:
            content = self._read(min(COPY_BYTES, left))
            left -= len(content)
            crc32 = zlib.crc32(content, crc32)
            yield content
            copied(len(content))
        if crc32 != self._whole.compressed_crc32:
            raise ValueError("the compressed content has another checksum")

    def _unpacked(self, count: int) -> bytes:
        """Read and decompress some bytes, at most two pieces and a header."""
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self._read(count))

    def _read(self, count: int) -> bytes:
        if count < 0:
            raise ValueError("the card is of another file")
        try:
            content = self._file.read(count)
        except OSError as error:
            raise ExportError(f"{self._shard.path} cannot be read: {explain_read(error)}") from error
        if len(content) < count:
            raise EOFError
        return content
