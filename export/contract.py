"""The ONNX contract: everything that passes from training to a program that runs a generator.

A digitforge generator is one ONNX file without external data:

==========  =======  ================================  ==============================================
tensor      type     shape                             meaning
==========  =======  ================================  ==============================================
``z``       float32  [batch, latent]                   latents, drawn from ``latent_distribution``
``y``       float32  [batch, classes]                  class weights, if the generator is conditional:
                                                       one-hot for a class, a mixture for a blend
``image``   float32  [batch, channels, height, width]  the image in [-1, 1]
``pixels``  uint8    [batch, height, width] (grey) or  the image for display
                     [batch, height, width, 3]
==========  =======  ================================  ==============================================

The batch is dynamic. Everything else is in the file's metadata, under the keys that `GeneratorInfo.to_metadata` writes.
This module needs only the standard library, so that any tool can copy it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Literal

CONTRACT_VERSION = "1.1"
"""MAJOR.MINOR. A minor version adds metadata that readers may ignore; readers refuse an unknown major version.

1.1 adds the digest. Metadata without one are written as version 1.0.
"""
LATENTS = "z"
CLASS_WEIGHTS = "y"
IMAGE = "image"
PIXELS = "pixels"
METADATA_FIELD = 14
"""Number of the field `metadata_props` in ONNX's ModelProto."""
METADATA_PREFIX = "digitforge."
LATENT_DISTRIBUTIONS = ("normal", "uniform")
Precision = Literal["fp32", "fp16"]
"""Precision of the weights in a file; inputs and outputs are float32 in both."""


class ContractError(Exception):
    """A file or its metadata does not keep the contract. The message says why, in one sentence."""


@dataclass(frozen=True)
class GeneratorInfo:
    """What a program needs to know to run a generator, and where the generator comes from.

    Raises ContractError if a value is out of range.
    """

    latent_size: int
    """Length of one latent vector."""
    latent_distribution: str
    """"normal" (standard normal) or "uniform" (on [-1, 1])."""
    classes: tuple[str, ...]
    """Names of the classes in the order of ``y``; empty if the generator is unconditional."""
    channels: int
    """1 (grey) or 3 (RGB)."""
    height: int
    """Height of an image in pixels."""
    width: int
    """Width of an image in pixels."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Preset, data set, images seen, versions, parity, licence: text for people."""
    digest: str = ""
    """See `digest_of`; empty if it is not known."""

    def __post_init__(self) -> None:
        for name, value, highest in (
            ("latent size", self.latent_size, 65_536),
            ("height", self.height, 4_096),
            ("width", self.width, 4_096),
        ):
            if not 1 <= value <= highest:
                raise ContractError(f"The generator's {name} is {value}; it must be between 1 and {highest}.")
        if self.channels not in (1, 3):
            raise ContractError(
                f"The generator's images have {self.channels} channels; they must have 1 (grey) or 3 (RGB)."
            )
        if self.latent_distribution not in LATENT_DISTRIBUTIONS:
            raise ContractError(
                f"The generator's latent distribution is {self.latent_distribution[:20]!r}; "
                f"it must be one of {', '.join(LATENT_DISTRIBUTIONS)}."
            )
        if len(set(self.classes)) < len(self.classes):
            raise ContractError("Two of the generator's classes have the same name.")
        if len(self.classes) > 1_000:
            raise ContractError(f"The generator has {len(self.classes)} classes; at most 1,000 are allowed.")

    @property
    def conditional(self) -> bool:
        """Whether the generator takes class weights."""
        return bool(self.classes)

    def inputs(self) -> dict[str, tuple[str | int, ...]]:
        """Return the name and shape of each input; a string is a dynamic dimension."""
        inputs: dict[str, tuple[str | int, ...]] = {LATENTS: ("batch", self.latent_size)}
        if self.conditional:
            inputs[CLASS_WEIGHTS] = ("batch", len(self.classes))
        return inputs

    def outputs(self) -> dict[str, tuple[str | int, ...]]:
        """Return the name and shape of each output; a string is a dynamic dimension."""
        colour = (3,) if self.channels == 3 else ()
        return {
            IMAGE: ("batch", self.channels, self.height, self.width),
            PIXELS: ("batch", self.height, self.width, *colour),
        }

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata: a key for each field, and the provenance under ``digitforge.provenance.*``."""
        fields = {
            "contract_version": CONTRACT_VERSION if self.digest else "1.0",
            "latent_size": str(self.latent_size),
            "latent_distribution": self.latent_distribution,
            "classes": json.dumps(list(self.classes)),
            "channels": str(self.channels),
            "height": str(self.height),
            "width": str(self.width),
        }
        fields |= {"digest": self.digest} if self.digest else {}
        fields |= {f"provenance.{key}": value for key, value in sorted(self.provenance.items())}
        return {METADATA_PREFIX + key: value for key, value in fields.items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> GeneratorInfo:
        """Return the info that `to_metadata` wrote.

        Raises ContractError if the contract's version is unknown, or a field is missing or malformed.
        """

        def text(key: str) -> str:
            try:
                return metadata[METADATA_PREFIX + key]
            except KeyError:
                raise ContractError(
                    f"The file's metadata has no {METADATA_PREFIX + key!r}: it was not exported by digitforge."
                ) from None

        def number(key: str) -> int:
            value = text(key)
            try:
                if len(value) <= 20:  # no valid number is longer, and the message stays short
                    return int(value)
            except ValueError:
                pass
            raise ContractError(f"The file's {METADATA_PREFIX + key!r} is not a whole number in its range.")

        version, known = text("contract_version"), CONTRACT_VERSION.partition(".")[0]
        if version.partition(".")[0] != known:
            raise ContractError(
                f"The file follows version {version[:20]!r} of the contract and this digitforge reads version {known}: "
                "export it again, or use the digitforge that made it."
            )
        names = text("classes")
        try:
            classes = json.loads(names)
        except (ValueError, RecursionError):  # ValueError covers numbers with too many digits as well
            classes = None
        if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
            raise ContractError(f"The file's {METADATA_PREFIX + 'classes'!r} is not a JSON list of names.")
        prefix = METADATA_PREFIX + "provenance."
        return cls(
            latent_size=number("latent_size"),
            latent_distribution=text("latent_distribution"),
            classes=tuple(classes),
            channels=number("channels"),
            height=number("height"),
            width=number("width"),
            provenance={key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)},
            digest=metadata.get(METADATA_PREFIX + "digest", ""),
        )


def digest_of(file: IO[bytes]) -> str:
    """Return the digest of an ONNX file: it identifies the graph and the weights, whatever the metadata say.

    It is the SHA-256, as 64 hexadecimal digits, of the file without its fields `metadata_props`.
    file: open at its beginning. Raises ContractError if it is not a protocol buffer.
    """
    found = hashlib.sha256()

    def read(count: int) -> bytes:
        content = file.read(count)
        if len(content) < count:
            raise ContractError("The file is not an ONNX file, or it is damaged.")
        return content

    def varint(first: bytes) -> bytes:
        while first[-1] >= 0x80:
            if len(first) == 10:
                raise ContractError("The file is not an ONNX file, or it is damaged.")
            first += read(1)
        return first

    while first := file.read(1):
        head = varint(first)
        tag = _number(head)
        kind = tag & 7
        if kind == 0:
            head, length = head + varint(read(1)), 0
        elif kind == 2:
            size = varint(read(1))
            head, length = head + size, _number(size)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ContractError("The file is not an ONNX file, or it is damaged.")
        kept = tag >> 3 != METADATA_FIELD
        if kept:
            found.update(head)
        while length:
            part = read(min(length, 2**20))
            length -= len(part)
            if kept:
                found.update(part)
    return found.hexdigest()


def _number(varint: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(varint))
