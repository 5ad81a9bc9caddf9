"""Predictions of the bundled classifier."""

from __future__ import annotations

import numpy as np

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from export.runtime.generator import open_generator
from export.runtime.latents import latents, one_hot
from viewer.engine.predictions import predict


def test_a_bundled_digit_is_classified_as_what_was_requested() -> None:
    generator = open_generator(BUNDLED_MODEL, "cpu", threads=1)
    pixels = generator.generate_pixels(latents(generator.info, 0, 0, 1), one_hot([7], 10))
    prediction = predict(generator.info, pixels[0])
    assert prediction is not None
    assert prediction.best[0] == "7"
    assert abs(sum(prediction.probabilities) - 1) < 1e-5


def test_pictures_that_the_classifier_does_not_know_have_no_prediction() -> None:
    info = open_generator(BUNDLED_MODEL, "cpu", threads=1).info
    assert predict(info, np.zeros((12, 12), np.uint8)) is None
    letters = GeneratorInfo(4, "normal", ("a", "b"), 1, info.height, info.width)
    assert predict(letters, np.zeros((info.height, info.width), np.uint8)) is None
