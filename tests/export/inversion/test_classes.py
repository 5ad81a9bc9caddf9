from __future__ import annotations

from pathlib import Path

import numpy as np

from export.inversion.classes import fits, likeliest, probabilities
from export.inversion.starts import Pool
from export.runtime.generator import open_generator
from export.runtime.predict import open_classifier
from trainer.data import datasets


def test_the_classes_of_real_digits_are_proposed(pool: Pool, mnist_dir: Path) -> None:
    test = datasets.load("mnist", mnist_dir, "test")
    targets, labels = test.images[:100].astype(np.float32) / 127.5 - 1, test.labels[:100]
    errors = pool.squared_errors(targets)
    read = likeliest(probabilities(pool, targets, errors, None, open_classifier()))
    assert (read[:, 0] == labels).sum() >= 97
    tried = likeliest(probabilities(pool, targets, errors, None, None))
    assert (tried[:, 0] == labels).sum() >= 90
    assert (tried == labels[:, None]).any(axis=1).sum() >= 97


def test_unlikely_classes_are_not_tried() -> None:
    found = np.array([[0.001, 0.9, 0.0, 0.099], [0.3, 0.3, 0.2, 0.2], [0.0, 0.0, 0.0, 0.0]])
    assert likeliest(found).tolist() == [[1, 3, -1], [0, 1, 2], [0, -1, -1]]


def test_two_classes_are_enough() -> None:
    assert likeliest(np.array([[0.2, 0.8]])).tolist() == [[1, 0]]


def test_a_classifier_fits_if_it_reads_the_samples(pool: Pool, models: dict[str, Path]) -> None:
    classifier = open_classifier()
    assert fits(classifier, pool)
    turned = Pool(pool.info, pool.latents, (pool.labels + 1) % 10, pool.images)
    assert not fits(classifier, turned)
    for name in ("digits", "free", "colour"):
        generator = open_generator(models[name])
        assert not fits(classifier, Pool.draw(generator.info, generator.generate, 5))


def test_without_a_classifier_the_nearest_samples_decide(pool: Pool) -> None:
    rows = np.array([13, 27])
    targets = pool.images[rows].reshape(2, 1, 28, 28)
    errors = pool.squared_errors(targets)
    mask = np.ones((2, 28, 28), np.float32)
    for masks in (None, mask):
        found = probabilities(pool, targets, errors, masks, None)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert found.argmax(axis=1).tolist() == [3, 7]
