"""The bundled classifier, as the worker asks it."""

from __future__ import annotations

from functools import cache

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from export.runtime.predict import Reader, open_classifier
from viewer.core.picture.caption import Reading


@cache
def _classifier() -> Reader:
    """Opened when the first picture is to be read: about 20 ms. One thread: a single picture is read at a time."""
    return open_classifier(threads=1)


def read(info: GeneratorInfo, pixels: UInt8) -> Reading | None:
    """What one picture of the generator reads as, uint8 [h, w]; None where the classifier knows no such pictures.

    Raises ModelRefused where there is no classifier.
    """
    reader = _classifier()
    if pixels.shape != reader.pixels_shape or (info.conditional and set(info.classes) - set(reader.classes)):
        return None
    probabilities, _ = reader.read(pixels[None])
    return Reading(reader.classes, tuple(map(float, probabilities[0])))
