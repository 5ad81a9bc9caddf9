from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.inversion.live import QUICK, LiveInversion, usable_classifier
from export.inversion.starts import Pool
from export.runtime.arrays import Float32
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import latents, one_hot
from export.runtime.predict import Classifier
from trainer.data import datasets


def sample(generator: Generator, label: int, seed: int = 50) -> Float32:
    made: Float32 = generator.generate(latents(generator.info, seed, 0, 1), one_hot([label], 10))[0]
    return made


def test_a_picture_of_the_generator_is_found_again(
    bundled: Generator, pool: Pool, classifier: Classifier | None
) -> None:
    target = sample(bundled, 4)
    inversion = LiveInversion(pool, target, classifier=classifier)
    first = inversion.step(bundled.generate)
    for _ in range(10):
        answer = inversion.refine(bundled.generate)
    assert answer.rms < 0.05 < first.rms
    assert answer.label == 4
    assert answer.weights is not None
    image = bundled.generate(answer.latent[None], answer.weights[None])[0]
    np.testing.assert_allclose(answer.image, image, atol=1e-4)
    assert answer.rms == pytest.approx(float(np.sqrt(((image - target) ** 2).mean())), abs=1e-4)


def test_the_answer_follows_the_picture_and_its_class(
    bundled: Generator, pool: Pool, classifier: Classifier | None
) -> None:
    inversion = LiveInversion(pool, sample(bundled, 1), classifier=classifier)
    before = inversion.step(bundled.generate)
    inversion.retarget(np.clip(sample(bundled, 1) + 0.02, -1, 1))
    after = inversion.step(bundled.generate)
    assert after.label == 1
    assert after.rms < before.rms
    inversion.retarget(sample(bundled, 8))
    assert inversion.tried[0] == 8
    assert inversion.step(bundled.generate).label == 8


def test_an_answer_takes_few_images_once_the_search_has_begun(bundled: Generator, pool: Pool) -> None:
    made: list[int] = []

    def run(z: Float32, y: Float32 | None) -> Float32:
        made.append(len(z))
        return bundled.generate(z, y)

    inversion = LiveInversion(pool, sample(bundled, 1))
    inversion.step(run)
    assert made == [1, 64, 4, 4]
    made.clear()
    errors = []
    for _ in range(8):
        inversion.retarget(sample(bundled, 1))
        errors.append(inversion.step(run).rms)
    assert made == [QUICK, 4, 4] * 8
    assert errors[-1] < 0.5 * errors[0]


def test_alternatives_have_one_answer_for_each_class(bundled: Generator, pool: Pool) -> None:
    mixed = one_hot([4, 9], 10).mean(axis=0, keepdims=True)
    between = bundled.generate(latents(bundled.info, 3, 0, 1), mixed)[0]
    inversion = LiveInversion(pool, between)
    for _ in range(5):
        answer = inversion.refine(bundled.generate)
    found = inversion.alternatives
    assert len({each.label for each in found}) == len(found) >= 2
    assert {each.label for each in found} == set(inversion.tried)
    assert [each.rms for each in found] == sorted(each.rms for each in found)
    assert answer.rms <= found[0].rms / 0.98


def test_a_given_class_and_latent_are_kept(bundled: Generator, pool: Pool, classifier: Classifier | None) -> None:
    weights, start = one_hot([9], 10)[0], latents(bundled.info, 50, 0, 1)[0]
    target = sample(bundled, 4)
    inversion = LiveInversion(pool, target, weights=weights, latent=start, classifier=classifier)
    assert inversion.tried == (-1,)
    inversion.retarget(target)
    for _ in range(3):
        answer = inversion.refine(bundled.generate)
    assert answer.label == 9
    # Without a change of the picture, the start is as good as it gets.
    exact = LiveInversion(pool, target, weights=one_hot([4], 10)[0], latent=start).step(bundled.generate)
    assert exact.rms < 0.01


def test_a_mask_pulls_where_it_says(bundled: Generator, pool: Pool) -> None:
    target = sample(bundled, 3)
    mask = np.zeros((28, 28), np.float32)
    mask[:14] = 1
    spoilt = target.copy()
    spoilt[:, 14:] = 1
    inversion = LiveInversion(pool, spoilt, mask)
    for _ in range(6):
        answer = inversion.refine(bundled.generate)
    assert answer.rms < 0.08
    assert np.sqrt(((answer.image - target)[:, :14] ** 2).mean()) == pytest.approx(answer.rms, abs=1e-5)


@pytest.mark.parametrize("model", ["free", "colour", "many"])
def test_other_generators(models: dict[str, Path], model: str) -> None:
    generator = open_generator(models[model])
    info = generator.info
    small = Pool.draw(info, generator.generate)
    y = one_hot([1], len(info.classes)) if info.conditional else None
    target = generator.generate(latents(info, 9, 0, 1), y)[0]
    inversion = LiveInversion(small, target, classifier=usable_classifier(small))
    for _ in range(10):
        answer = inversion.refine(generator.generate)
    assert answer.rms < 0.15
    assert answer.label == (1 if info.conditional else -1)


def test_real_digits_are_near(bundled: Generator, pool: Pool, classifier: Classifier | None, mnist_dir: Path) -> None:
    test = datasets.load("mnist", mnist_dir, "test")
    errors = []
    for image, label in zip(test.images[:10], test.labels[:10], strict=True):
        inversion = LiveInversion(pool, image.astype(np.float32) / 127.5 - 1, classifier=classifier)
        for _ in range(8):
            answer = inversion.refine(bundled.generate)
        errors.append(answer.rms)
        assert answer.label == label
    assert np.mean(errors) < 0.12


def test_what_does_not_fit_is_explained(bundled: Generator, pool: Pool) -> None:
    target = sample(bundled, 0)
    with pytest.raises(ExportError, match="images of 1 x 28 x 28, and the target is 3 x 28 x 28"):
        LiveInversion(pool, np.repeat(target, 3, axis=0))
    with pytest.raises(ExportError, match="A latent for this generator must be 64 finite numbers"):
        LiveInversion(pool, target, latent=np.zeros(3, np.float32))
    with pytest.raises(ExportError, match="Class weights for this generator must be 10 finite numbers"):
        LiveInversion(pool, target, weights=np.full(10, np.nan, np.float32))
