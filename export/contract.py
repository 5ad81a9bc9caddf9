"""The ONNX contract: everything that passes from training to a program that runs a generator or a discriminator.

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

A discriminator is another such file:

==========  =======  ================================  ==============================================
tensor      type     shape                             meaning
==========  =======  ================================  ==============================================
``image``   float32  [batch, channels, height, width]  the image in [-1, 1]
``y``       float32  [batch, classes]                  class weights, if the discriminator is conditional
``score``   float32  [batch]                           the score: high for real images
==========  =======  ================================  ==============================================

The batch is dynamic. Everything else is in the file's metadata, under the keys that `to_metadata` writes.
This module needs only the standard library, so that any tool can copy it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Literal

CONTRACT_VERSION = "1.1"
"""MAJOR.MINOR. A minor version adds metadata that readers may ignore; readers refuse an unknown major version.

1.1 adds the digest and discriminators. The metadata of a generator without a digest are written as version 1.0.
"""
LATENTS = "z"
CLASS_WEIGHTS = "y"
IMAGE = "image"
PIXELS = "pixels"
METADATA_FIELD = 14
"""Number of the field `metadata_props` in ONNX's ModelProto."""
SCORE = "score"
METADATA_PREFIX = "digitforge."
DISCRIMINATOR = "discriminator"
"""The kind that a discriminator's metadata state; a generator's state none."""
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
        _check_images(self, "generator", ("latent size", self.latent_size, 65_536))
        if self.latent_distribution not in LATENT_DISTRIBUTIONS:
            raise ContractError(
                f"The generator's latent distribution is {self.latent_distribution[:20]!r}; "
                f"it must be one of {', '.join(LATENT_DISTRIBUTIONS)}."
            )

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
        own = {"latent_size": str(self.latent_size), "latent_distribution": self.latent_distribution}
        own |= {"digest": self.digest} if self.digest else {}
        return _to_metadata(self, own, CONTRACT_VERSION if self.digest else "1.0")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> GeneratorInfo:
        """Return the info that `to_metadata` wrote.

        Raises ContractError if the contract's version is unknown, or a field is missing or malformed.
        """
        fields = _Fields(metadata)
        if metadata.get(METADATA_PREFIX + "kind") == DISCRIMINATOR:
            raise ContractError("The file is a discriminator, which judges images, and not a generator.")
        return cls(
            latent_size=fields.integer("latent_size"),
            latent_distribution=fields.text("latent_distribution"),
            classes=fields.classes(),
            channels=fields.integer("channels"),
            height=fields.integer("height"),
            width=fields.integer("width"),
            provenance=fields.provenance(),
            digest=metadata.get(METADATA_PREFIX + "digest", ""),
        )


@dataclass(frozen=True)
class DiscriminatorInfo:
    """What a program needs to know to run a discriminator, and where the discriminator comes from.

    The probability that an image is real, rather than generated, is 1 / (1 + exp(-(slope * score + intercept))).
    Raises ContractError if a value is out of range.
    """

    classes: tuple[str, ...]
    """Names of the classes in the order of ``y``; empty if the discriminator is unconditional."""
    channels: int
    """1 (grey) or 3 (RGB)."""
    height: int
    """Height of an image in pixels."""
    width: int
    """Width of an image in pixels."""
    slope: float
    """Factor of the score in the logit of the probability; not negative."""
    intercept: float
    """The logit of the probability for a score of 0."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Preset, data set, images seen, versions, parity, licence: text for people."""

    def __post_init__(self) -> None:
        _check_images(self, "discriminator")
        if not (0 <= self.slope <= 1e6 and abs(self.intercept) <= 1e6):  # also true of NaN
            raise ContractError("The discriminator's calibration is out of range.")

    @property
    def conditional(self) -> bool:
        """Whether the discriminator takes class weights."""
        return bool(self.classes)

    def inputs(self) -> dict[str, tuple[str | int, ...]]:
        """Return the name and shape of each input; a string is a dynamic dimension."""
        inputs: dict[str, tuple[str | int, ...]] = {IMAGE: ("batch", self.channels, self.height, self.width)}
        if self.conditional:
            inputs[CLASS_WEIGHTS] = ("batch", len(self.classes))
        return inputs

    def outputs(self) -> dict[str, tuple[str | int, ...]]:
        """Return the name and shape of the output; a string is a dynamic dimension."""
        return {SCORE: ("batch",)}

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata: a key for each field, and the provenance under ``digitforge.provenance.*``."""
        own = {"kind": DISCRIMINATOR, "slope": f"{self.slope:.6g}", "intercept": f"{self.intercept:.6g}"}
        return _to_metadata(self, own)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> DiscriminatorInfo:
        """Return the info that `to_metadata` wrote.

        Raises ContractError if the contract's version is unknown, or a field is missing or malformed.
        """
        fields = _Fields(metadata)
        if metadata.get(METADATA_PREFIX + "kind") != DISCRIMINATOR:
            raise ContractError(
                "The file is not a discriminator: export one with `python -m export.onnx RUN_DIR --discriminator`."
            )
        return cls(
            classes=fields.classes(),
            channels=fields.integer("channels"),
            height=fields.integer("height"),
            width=fields.integer("width"),
            slope=fields.real("slope"),
            intercept=fields.real("intercept"),
            provenance=fields.provenance(),
        )


Info = GeneratorInfo | DiscriminatorInfo


def _check_images(info: Info, what: str, *sizes: tuple[str, int, int]) -> None:
    """Check the images and classes that a network makes or takes. sizes: name, value and highest value of others."""
    for name, value, highest in (*sizes, ("height", info.height, 4_096), ("width", info.width, 4_096)):
        if not 1 <= value <= highest:
            raise ContractError(f"The {what}'s {name} is {value}; it must be between 1 and {highest}.")
    if info.channels not in (1, 3):
        raise ContractError(f"The {what}'s images have {info.channels} channels; they must have 1 (grey) or 3 (RGB).")
    if len(set(info.classes)) < len(info.classes):
        raise ContractError(f"Two of the {what}'s classes have the same name.")
    if len(info.classes) > 1_000:
        raise ContractError(f"The {what} has {len(info.classes)} classes; at most 1,000 are allowed.")


def _to_metadata(info: Info, own: Mapping[str, str], version: str = CONTRACT_VERSION) -> dict[str, str]:
    fields = {
        "contract_version": version,
        **own,
        "classes": json.dumps(list(info.classes)),
        "channels": str(info.channels),
        "height": str(info.height),
        "width": str(info.width),
    }
    fields |= {f"provenance.{key}": value for key, value in sorted(info.provenance.items())}
    return {METADATA_PREFIX + key: value for key, value in fields.items()}


class _Fields:
    """The fields of a file's metadata. Raises ContractError if they are of an unknown version of the contract."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = metadata
        version, known = self.text("contract_version"), CONTRACT_VERSION.partition(".")[0]
        if version.partition(".")[0] != known:
            raise ContractError(
                f"The file follows version {version[:20]!r} of the contract and this digitforge reads version {known}: "
                "export it again, or use the digitforge that made it."
            )

    def text(self, key: str) -> str:
        try:
            return self._metadata[METADATA_PREFIX + key]
        except KeyError:
            raise ContractError(
                f"The file's metadata has no {METADATA_PREFIX + key!r}: it was not exported by digitforge."
            ) from None

    def integer(self, key: str) -> int:
        value = self.text(key)
        try:
            if len(value) <= 20:  # no valid number is longer, and the message stays short
                return int(value)
        except ValueError:
            pass
        raise ContractError(f"The file's {METADATA_PREFIX + key!r} is not a whole number in its range.")

    def real(self, key: str) -> float:
        value = self.text(key)
        try:
            if len(value) <= 20 and math.isfinite(number := float(value)):
                return number
        except ValueError:
            pass
        raise ContractError(f"The file's {METADATA_PREFIX + key!r} is not a finite number.")

    def classes(self) -> tuple[str, ...]:
        names = self.text("classes")
        try:
            classes = json.loads(names)
        except (ValueError, RecursionError):  # ValueError covers numbers with too many digits as well
            classes = None
        if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
            raise ContractError(f"The file's {METADATA_PREFIX + 'classes'!r} is not a JSON list of names.")
        return tuple(classes)

    def provenance(self) -> dict[str, str]:
        prefix = METADATA_PREFIX + "provenance."
        return {key.removeprefix(prefix): value for key, value in self._metadata.items() if key.startswith(prefix)}


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
