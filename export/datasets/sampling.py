"""Requests for data sets, and the images that answer them.

Image i is a function of the seed and i alone. Images are generated in whole blocks at fixed positions of the numbering,
so neither shards nor an interruption nor the length of the request changes a single pixel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from digitforge.errors import ExportError, UnmetRequest
from export.contract import PIXELS, GeneratorInfo
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.discriminator import Discriminator
from export.runtime.latents import BLOCK, labels_of, latents, one_hot
from export.runtime.predict import Classifier

MOST_IMAGES = 100_000_000
MOST_SHARDS = 1_000_000
TRUNCATION_MAX = 2.0
MOST_ATTEMPTS = 100
"""How often an image is generated before the confidence or realism that a request demands counts as out of reach."""


@dataclass(frozen=True, eq=False)
class GivenLatents:
    """Latents and class weights from a file, in place of those of a seed."""

    name: str
    """Name of the file."""
    sha256: str
    """Hash of the file."""
    latents: Float32
    """[n, latent]."""
    weights: Float32 | None
    """[n, classes]; None without classes."""

    @property
    def labels(self) -> Int64:
        """The class with the largest weight, int64 [n]; -1 without classes."""
        labels: Int64 = np.full(len(self.latents), -1) if self.weights is None else self.weights.argmax(axis=1)
        return labels


@dataclass(frozen=True)
class SampleRequest:
    """A request for labelled images. Raises ExportError if a value is out of range."""

    count: int
    """Number of images, 1 to 100,000,000."""
    seed: int = 0
    """Seed of the latents, not negative."""
    classes: tuple[int, ...] = ()
    """Labels that the images take in turn; empty for all classes."""
    truncation: float = 1.0
    """psi, the factor for the latents, 0 to 2; below 1, images are more typical and less varied."""
    least_confidence: float = 0.0
    """Images are generated again until the classifier gives their label at least this probability; 0 to 1."""
    shard: tuple[int, int] = (1, 1)
    """(i, n): the i-th of n parts of the numbering, counted from 1. All parts in order are the whole request."""
    given: GivenLatents | None = None
    """`count` latents to generate the images of as they are, without regard to seed, classes and truncation."""
    least_realism: float = 0.0
    """Images are generated again until the discriminator gives them at least this probability of being real; 0 to 1."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_IMAGES:
            raise ExportError(f"The count is {self.count}; it must be between 1 and {MOST_IMAGES:,}.")
        if self.seed < 0:
            raise ExportError(f"The seed is {self.seed}; it must not be negative.")
        check_truncation(self.truncation)
        for name, least in (("confidence", self.least_confidence), ("realism", self.least_realism)):
            if not 0 <= least < 1:  # also true of NaN
                raise ExportError(f"The lowest {name} is {least}; it must be at least 0 and below 1.")
        check_shard(self.shard)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return start and stop of this shard's part of the images `first` to `last - 1`."""
        part, parts = self.shard
        return first + (last - first) * (part - 1) // parts, first + (last - first) * part // parts


def parse_shard(text: str) -> tuple[int, int]:
    """Return the numbers I and N of "I/N". Raises ExportError if the text is anything else, or I is above N."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None:
        raise ExportError(f"--shard is {text!r}; it must be I/N, for example 1/4.")
    return check_shard((int(match[1]), int(match[2])))


def check_shard(shard: tuple[int, int]) -> tuple[int, int]:
    """Return the shard. Raises ExportError if it is out of range."""
    part, parts = shard
    if not 1 <= part <= parts <= MOST_SHARDS:
        raise ExportError(
            f"The shard is {part}/{parts}; it must be I/N with I from 1 to N, and N at most {MOST_SHARDS:,}."
        )
    return shard


class PixelGenerator(Protocol):
    """What sampling needs of a generator: an open ONNX file has it, and so does a network in torch."""

    @property
    def info(self) -> GeneratorInfo:
        """The generator's inputs and outputs."""

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """See `export.runtime.generator.Generator.generate_pixels`."""


def check_truncation(truncation: float) -> None:
    """Raise ExportError if the truncation is out of range."""
    if not 0 <= truncation <= TRUNCATION_MAX:  # also true of NaN
        raise ExportError(f"The truncation is {truncation}; it must be between 0 and {TRUNCATION_MAX:g}.")


def class_labels(info: GeneratorInfo, chosen: Iterable[int | str]) -> tuple[int, ...]:
    """Return the labels of the chosen classes.

    chosen: names of classes, or numbers. A number stands for the class with that name or, if no class of the generator
    is named by a number, for the class at that position, from 0.
    Raises ExportError if there is no such class.
    """
    if not info.conditional:
        raise ExportError("This generator is unconditional: it has no classes to choose from.")
    positions = {str(position): position for position in range(len(info.classes))}
    labels = {name: label for label, name in enumerate(info.classes)}
    by_position = not any(name.isdecimal() for name in labels)
    found = []
    for each in chosen:
        label = labels.get(str(each))
        if label is None and by_position and not isinstance(each, str):
            label = positions.get(str(each))
        if label is None:
            raise ExportError(
                f"This generator has no class {str(each)!r}: choose from {', '.join(info.classes[:100])}."
            )
        found.append(label)
    return tuple(found)


def check_classifier(info: GeneratorInfo, classifier: Classifier) -> None:
    """Raise ExportError if the classifier cannot judge this generator's images."""
    shape = info.outputs()[PIXELS][1:]
    if classifier.pixels_shape != shape:
        raise ExportError(
            f"The classifier takes images of {classifier.pixels_shape}, and this generator makes images of {shape}: "
            "leave out --min-confidence."
        )
    if info.conditional and not set(info.classes) <= set(classifier.classes):
        raise ExportError(
            f"The classifier knows the classes {', '.join(classifier.classes)}, and this generator has "
            f"{', '.join(info.classes[:12])}: leave out --min-confidence."
        )


def sample_images(
    generator: PixelGenerator,
    request: SampleRequest,
    start: int,
    stop: int,
    classifier: Classifier | None = None,
    discriminator: Discriminator | None = None,
) -> Iterator[tuple[UInt8, Int64]]:
    """Yield the images `start` to `stop - 1` and their labels, block by block: uint8 [n, H, W(, 3)], int64 [n].

    classifier: judges the images if the request demands a confidence; see `check_classifier`.
    discriminator: judges them if it demands a realism; see `export.runtime.discriminator.check_discriminator`.
    Raises UnmetRequest if an image does not reach what is demanded in MOST_ATTEMPTS attempts.
    """
    for first in range(start // BLOCK * BLOCK, stop, BLOCK):
        if request.given is not None:
            yield _given_block(generator, request.given, first, start, stop)
            continue
        labels = labels_of(generator.info, request.classes, first, BLOCK)
        part = slice(max(start - first, 0), min(stop - first, BLOCK))
        pixels = _block(generator, request, first, labels, part, classifier, discriminator)
        yield pixels[part], labels[part]


def _given_block(
    generator: PixelGenerator, given: GivenLatents, first: int, start: int, stop: int
) -> tuple[UInt8, Int64]:
    rows = slice(first, first + BLOCK)
    pixels = generator.generate_pixels(given.latents[rows], None if given.weights is None else given.weights[rows])
    part = slice(max(start - first, 0), min(stop - first, BLOCK))
    return pixels[part], given.labels[rows][part]


def _block(
    generator: PixelGenerator,
    request: SampleRequest,
    first: int,
    labels: Int64,
    part: slice,
    classifier: Classifier | None,
    discriminator: Discriminator | None,
) -> UInt8:
    """Generate the block of images from number `first` on; those of `part` reach what the request demands."""
    info = generator.info
    y = one_hot(labels, len(info.classes)) if info.conditional else None
    pixels: UInt8 | None = None
    # The whole block is judged, so that the classifier gets the same batches, and computes the same, for every part.
    unsure = np.ones(BLOCK, bool)
    for attempt in range(MOST_ATTEMPTS):
        z = latents(info, request.seed, first, BLOCK, attempt) * np.float32(request.truncation)
        generated = generator.generate_pixels(z, y)
        if pixels is None:
            pixels = generated
        else:
            pixels[unsure] = generated[unsure]
        places = np.flatnonzero(unsure)
        rejected = np.zeros(len(places), bool)
        if classifier is not None and request.least_confidence:
            confidence = _confidence(info, labels[places], generated[places], classifier)
            rejected |= confidence < request.least_confidence
        if discriminator is not None and request.least_realism:
            judged = discriminator.class_weights(info.classes, labels[places])
            rejected |= discriminator.realism(generated[places], judged) < request.least_realism
        unsure[places] = rejected
        if not unsure[part].any():
            return pixels
    place = part.start + int(np.flatnonzero(unsure[part])[0])
    what = f"{info.classes[labels[place]]!r}" if info.conditional else "any class"
    if request.least_realism:
        confident = f" and a confidence of {request.least_confidence}" if request.least_confidence else ""
        raise UnmetRequest(
            f"Image {first + place} as {what} did not reach a realism of {request.least_realism}{confident} in "
            f"{MOST_ATTEMPTS} attempts: lower --min-realism{' or --min-confidence' if confident else ''}."
        )
    raise UnmetRequest(
        f"The classifier did not recognise image {first + place} as {what} with a confidence of "
        f"{request.least_confidence} in {MOST_ATTEMPTS} attempts: lower --min-confidence."
    )


def _confidence(info: GeneratorInfo, labels: Int64, pixels: UInt8, classifier: Classifier) -> Float32:
    """Return the probability of each image's label, or of its most probable class if there are no labels."""
    probabilities, _ = classifier.predict(pixels)
    if not info.conditional:
        highest: Float32 = probabilities.max(axis=1)
        return highest
    columns = np.array([classifier.classes.index(info.classes[label]) for label in labels], np.int64)
    of_labels: Float32 = probabilities[np.arange(len(columns)), columns]
    return of_labels
