"""What a data set is asked to be, and the images that answer: image i is a function of the seed and i alone.

Images are made in whole blocks at fixed places of the numbering, so that neither shards nor an interruption nor the
length of the request changes a single pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from digitforge.errors import ExportError, UnmetRequest
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.latents import BLOCK, labels_of, latents, one_hot
from export.runtime.predict import Classifier

MOST_IMAGES = 100_000_000
MOST_SHARDS = 1_000_000
TRUNCATION_MAX = 2.0
MOST_ATTEMPTS = 100
"""For an image that is not read as what it was asked to be."""


@dataclass(frozen=True)
class SampleRequest:
    """What is asked for. Raises ExportError where a value is out of its range."""

    count: int
    """Images, 1 to 100,000,000."""
    seed: int = 0
    """Not negative."""
    classes: tuple[int, ...] = ()
    """Labels that the images take in turn; none means all."""
    truncation: float = 1.0
    """psi, which scales the latents: 0 to 2; below 1, images are more typical and less varied."""
    least_confidence: float = 0.0
    """Images that the classifier reads as their label with less probability than this are made again; 0 to 1."""
    shard: tuple[int, int] = (1, 1)
    """(i, n): the i-th of n parts of the numbering, counted from 1. The parts in their order are the whole."""

    def __post_init__(self) -> None:
        part, parts = self.shard
        for fine, problem in (
            (1 <= self.count <= MOST_IMAGES, f"--count is {self.count}; it must be between 1 and {MOST_IMAGES:,}."),
            (self.seed >= 0, f"--seed is {self.seed}; it must not be negative."),
            (0 <= self.truncation <= TRUNCATION_MAX, f"--truncation is {self.truncation}; it must be between 0 and 2."),
            (
                0 <= self.least_confidence < 1,
                f"--min-confidence is {self.least_confidence}; it must be between 0 and 1, and below 1.",
            ),
            (
                1 <= part <= parts <= MOST_SHARDS,
                f"--shard is {part}/{parts}; it must be I/N with I from 1 to N, and N at most {MOST_SHARDS:,}.",
            ),
        ):
            if not fine:  # also where a value is not a number
                raise ExportError(problem)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The shard's part of the images number `first` to `last - 1`: start and stop."""
        part, parts = self.shard
        return first + (last - first) * (part - 1) // parts, first + (last - first) * part // parts


class MakesPixels(Protocol):
    """A generator by what sampling needs of it."""

    @property
    def info(self) -> GeneratorInfo:
        """What goes in and comes out."""

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """See `export.runtime.generator.Generator`."""


def check_classifier(info: GeneratorInfo, classifier: Classifier) -> None:
    """Raise ExportError where the classifier cannot say whether an image shows what it was asked to show."""
    if classifier.pixels_shape != info.outputs()["pixels"][1:]:
        raise ExportError(
            f"The classifier reads images of {classifier.pixels_shape}, and this generator makes others: leave out "
            "--min-confidence."
        )
    if info.conditional and not set(info.classes) <= set(classifier.classes):
        raise ExportError(
            f"The classifier reads {', '.join(classifier.classes)}, and this generator makes "
            f"{', '.join(info.classes[:12])}: leave out --min-confidence."
        )


def images(
    generator: MakesPixels, request: SampleRequest, start: int, stop: int, classifier: Classifier | None = None
) -> Iterator[tuple[UInt8, Int64]]:
    """Yield the images number `start` to `stop - 1` and their labels, block by block: uint8 [n, H, W(, 3)], int64 [n].

    classifier: judges the images where the request has a least confidence; see `check_classifier`.
    Raises UnmetRequest where an image is not read as asked however often it is made again.
    """
    for first in range(start // BLOCK * BLOCK, stop, BLOCK):
        labels = labels_of(generator.info, request.classes, first, BLOCK)
        part = slice(max(start - first, 0), min(stop - first, BLOCK))
        pixels = _block(generator, request, first, labels, part, classifier)
        yield pixels[part], labels[part]


def _block(
    generator: MakesPixels,
    request: SampleRequest,
    first: int,
    labels: Int64,
    part: slice,
    classifier: Classifier | None,
) -> UInt8:
    info = generator.info
    y = one_hot(labels, len(info.classes)) if info.conditional else None
    pixels: UInt8 | None = None
    # Of the whole block, so that the classifier gets the same calls, and says the same, wherever the part begins.
    wanting = np.ones(BLOCK, bool)
    for attempt in range(MOST_ATTEMPTS):
        z = latents(info, request.seed, first, BLOCK, attempt) * np.float32(request.truncation)
        made = generator.generate_pixels(z, y)
        if pixels is None:
            pixels = made
        else:
            pixels[wanting] = made[wanting]
        if classifier is None or not request.least_confidence:
            return pixels
        places = np.flatnonzero(wanting)
        wanting[places] = _confidence(info, labels[places], made[places], classifier) < request.least_confidence
        if not wanting[part].any():
            return pixels
    place = part.start + int(np.flatnonzero(wanting[part])[0])
    what = f"{info.classes[labels[place]]!r}" if info.conditional else "anything"
    raise UnmetRequest(
        f"Image {first + place} was not read as {what} with a confidence of {request.least_confidence} in "
        f"{MOST_ATTEMPTS} attempts: ask for a lower --min-confidence."
    )


def _confidence(info: GeneratorInfo, labels: Int64, pixels: UInt8, classifier: Classifier) -> Float32:
    """How sure the classifier is that each image shows its label, or anything where there are no labels."""
    probabilities, _ = classifier.predict(pixels)
    if not info.conditional:
        surest: Float32 = probabilities.max(axis=1)
        return surest
    place = np.array([classifier.classes.index(info.classes[label]) for label in labels], np.int64)
    asked: Float32 = probabilities[np.arange(len(place)), place]
    return asked
