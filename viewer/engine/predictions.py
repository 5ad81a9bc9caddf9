"""Predictions of the bundled classifier."""

from __future__ import annotations

from functools import cache

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from export.runtime.predict import Classifier, open_classifier
from viewer.core.picture.caption import Prediction


@cache
def _classifier() -> Classifier:
    """Open the classifier at the first prediction: about 20 ms. One thread is enough for single pictures."""
    return open_classifier(threads=1)


def predict(info: GeneratorInfo, pixels: UInt8) -> Prediction | None:
    """Classify one picture of the generator, uint8 [h, w]; None if its size or classes do not fit the classifier.

    Raises ModelRefused if the classifier cannot be opened.
    """
    classifier = _classifier()
    if pixels.shape != classifier.pixels_shape or (info.conditional and set(info.classes) - set(classifier.classes)):
        return None
    probabilities, _ = classifier.predict(pixels[None])
    return Prediction(classifier.classes, tuple(map(float, probabilities[0])))
