from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError
from export.datasets import sampling
from export.datasets.sampling import SampleRequest, check_classifier, sample_images
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.discriminator import Discriminator
from export.runtime.generator import Generator, open_generator
from export.runtime.predict import open_classifier


def made(generator: Generator, request: SampleRequest, start: int, stop: int) -> np.ndarray:
    classifier = open_classifier() if request.least_confidence else None
    return np.concatenate([pixels for pixels, _ in sample_images(generator, request, start, stop, classifier)])


@pytest.mark.parametrize("confidence", [0.0, 0.93])
def test_an_image_depends_on_its_number_alone(confidence: float) -> None:
    generator = open_generator(BUNDLED_MODEL)
    request = SampleRequest(600, seed=4, least_confidence=confidence)
    whole = made(generator, request, 0, 600)
    assert len(whole) == 600
    for start, stop in ((0, 1), (255, 257), (300, 301), (511, 600)):
        np.testing.assert_array_equal(made(generator, request, start, stop), whole[start:stop])


def test_only_images_below_the_confidence_are_generated_again() -> None:
    generator, classifier = open_generator(BUNDLED_MODEL), open_classifier()
    plain = made(generator, SampleRequest(512), 0, 512)
    sure = made(generator, SampleRequest(512, least_confidence=0.93), 0, 512)
    labels = np.arange(512) % 10
    before, after = (classifier.predict(part)[0][np.arange(512), labels] for part in (plain, sure))
    assert before.min() < 0.93 <= after.min()
    changed = (plain != sure).any(axis=(1, 2))
    np.testing.assert_array_equal(changed, before < 0.93)


def test_a_confidence_out_of_reach_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ATTEMPTS", 2)
    with pytest.raises(
        ExportError, match=r"did not recognise image 13 as '3' with a confidence of 0.9999 in 2 attempts"
    ):
        made(open_generator(BUNDLED_MODEL), SampleRequest(20, least_confidence=0.9999), 13, 20)


def test_a_classifier_that_cannot_judge_is_refused(models: dict[str, Path]) -> None:
    with pytest.raises(ExportError, match=r"takes images of \(28, 28\)"):
        check_classifier(open_generator(models["digits"]).info, open_classifier())
    check_classifier(open_generator(BUNDLED_MODEL).info, open_classifier())


@dataclass(frozen=True)
class Brightness:
    """Stands for a discriminator: the brighter an image, the more real."""

    def class_weights(self, names: Sequence[str], labels: Int64) -> None:
        assert len(names) == 10

    def realism(self, pixels: UInt8, y: Float32 | None = None) -> Float32:
        realism: Float32 = pixels.mean(axis=(1, 2), dtype=np.float32) / np.float32(255)
        return realism


def test_only_images_below_the_realism_are_generated_again(models: dict[str, Path]) -> None:
    generator, judge = open_generator(models["digits"]), cast(Discriminator, Brightness())
    plain = made(generator, SampleRequest(300), 0, 300)
    least = float(np.median(judge.realism(plain)))
    request = SampleRequest(300, least_realism=least)
    real = np.concatenate([pixels for pixels, _ in sample_images(generator, request, 0, 300, None, judge)])
    assert judge.realism(real).min() >= least
    np.testing.assert_array_equal((plain != real).any(axis=(1, 2)), judge.realism(plain) < least)
    part = np.concatenate([pixels for pixels, _ in sample_images(generator, request, 250, 260, None, judge)])
    np.testing.assert_array_equal(part, real[250:260])
    with pytest.raises(ExportError, match=r"Image 0 as '0' did not reach a realism of 0\.999.*lower --min-realism"):
        next(sample_images(generator, SampleRequest(9, least_realism=0.999), 0, 9, None, judge))


@pytest.mark.parametrize("parts", [1, 3, 7, 700])
def test_shards_are_the_whole_in_order(parts: int) -> None:
    spans = [SampleRequest(500, shard=(part, parts)).span(20, 520) for part in range(1, parts + 1)]
    assert [number for start, stop in spans for number in range(start, stop)] == list(range(20, 520))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 100_000_001}, "count is"),
        ({"count": 1, "seed": -1}, "seed is -1"),
        ({"count": 1, "truncation": float("nan")}, "truncation is nan"),
        ({"count": 1, "truncation": 2.5}, "truncation is 2.5"),
        ({"count": 1, "least_confidence": 1.0}, "confidence is 1.0"),
        ({"count": 1, "least_realism": float("nan")}, "realism is nan"),
        ({"count": 1, "shard": (0, 2)}, "shard is 0/2"),
        ({"count": 1, "shard": (3, 2)}, "shard is 3/2"),
    ],
)
def test_a_request_out_of_range_is_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        SampleRequest(**wrong)  # type: ignore[arg-type]
