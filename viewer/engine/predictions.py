"""Predictions of the bundled classifier."""

from __future__ import annotations

from functools import cache

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.predict import Classifier, open_classifier
from viewer.core.picture.caption import Prediction


@cache
def _classifier() -> Classifier:
    """Open the classifier at the first prediction: about 20 ms. One thread is enough for single pictures."""
    return open_classifier(threads=1)


def _fitting(info: GeneratorInfo, shape: tuple[int, ...]) -> Classifier | None:
    """Return the classifier, or None if the size of the pictures or the generator's classes do not fit it."""
    classifier = _classifier()
    if shape != classifier.pixels_shape or (info.conditional and set(info.classes) - set(classifier.classes)):
        return None
    return classifier


def predict(info: GeneratorInfo, pixels: UInt8) -> Prediction | None:
    """Classify one picture of the generator, uint8 [h, w]; None if its size or classes do not fit the classifier.

    Raises ModelRefused if the classifier cannot be opened.
    """
    classifier = _fitting(info, pixels.shape)
    if classifier is None:
        return None
    probabilities, _ = classifier.predict(pixels[None])
    return Prediction(classifier.classes, tuple(map(float, probabilities[0])))


def features(info: GeneratorInfo, pixels: UInt8) -> Float32 | None:
    """Return what the classifier sees in pictures, float32 [n, features]; see `predict`."""
    classifier = _fitting(info, pixels.shape[1:])
    return None if classifier is None else classifier.predict(pixels)[1]
