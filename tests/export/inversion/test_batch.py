from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from export.inversion.batch import BLOCK, Effort, invert
from export.inversion.live import usable_classifier
from export.inversion.solver import DIRECTIONS
from export.inversion.starts import Pool
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import labels_of, latents, one_hot
from export.runtime.predict import Classifier
from proofs.tiny_generator import write_model
from trainer.data import datasets


@pytest.mark.parametrize(
    ("count", "within_5", "within_2", "read"),
    [(10, 9, 8, 10), pytest.param(100, 98, 90, 97, marks=pytest.mark.slow)],
)
def test_what_the_generator_made_is_found_again(
    bundled: Generator, pool: Pool, classifier: Classifier | None, count: int, within_5: int, within_2: int, read: int
) -> None:
    labels = labels_of(bundled.info, (), 0, count)
    targets = bundled.generate(latents(bundled.info, 99, 0, count), one_hot(labels, 10))
    done: list[int] = []
    found = invert(pool, bundled.generate, targets, classifier=classifier, report=done.append)
    assert (found.rms < 0.05).sum() >= within_5
    assert (found.rms < 0.02).sum() >= within_2
    assert (found.labels == labels).sum() >= read
    made = bundled.generate(found.latents, found.weights)
    np.testing.assert_allclose(found.rms, np.sqrt(((made - targets) ** 2).mean(axis=(1, 2, 3))), atol=1e-3)
    assert done == ([BLOCK, count] if count > BLOCK else [count])


def test_real_digits(bundled: Generator, pool: Pool, classifier: Classifier | None, mnist_dir: Path) -> None:
    test = datasets.load("mnist", mnist_dir, "test")
    targets = test.images[:20].astype(np.float32) / 127.5 - 1
    found = invert(pool, bundled.generate, targets, classifier=classifier)
    assert found.rms.mean() < 0.12
    assert (found.rms < 0.2).mean() >= 0.9
    assert (found.labels == test.labels[:20]).sum() >= 19
    assert np.linalg.norm(found.latents, axis=1).mean() < 9  # the mean of samples is 8


def test_given_classes_are_kept_and_others_are_found(bundled: Generator, pool: Pool) -> None:
    targets = bundled.generate(latents(bundled.info, 99, 0, 3), one_hot([3, 3, 3], 10))
    found = invert(pool, bundled.generate, targets, labels=np.array([5, -1, 3]), effort=Effort(1, 2, 2))
    assert found.labels.tolist() == [5, 3, 3]


def test_the_classes_that_were_tried_are_named_with_their_errors(bundled: Generator, pool: Pool) -> None:
    mixed = np.repeat(one_hot([4, 9], 10).mean(axis=0, keepdims=True), 2, axis=0)
    targets = bundled.generate(latents(bundled.info, 3, 0, 2), mixed)
    found = invert(pool, bundled.generate, targets, effort=Effort(1, 2, 4))
    assert found.tried.shape == found.tried_rms.shape == (2, 3)
    assert found.tried[:, 0].tolist() == found.labels.tolist()
    np.testing.assert_array_equal(found.tried_rms[:, 0], found.rms)
    assert {4, 9} <= set(found.tried[0].tolist())
    assert (np.diff(found.tried_rms, axis=1)[found.tried[:, 1:] >= 0] >= 0).all()
    other = invert(pool, bundled.generate, targets[:1], labels=found.tried[:1, 1], effort=Effort(1, 2, 4))
    np.testing.assert_allclose(other.rms, found.tried_rms[:1, 1], rtol=0.02)
    assert (other.tried[:, 1:] == -1).all()
    assert np.isnan(other.tried_rms[:, 1:]).all()


def test_a_masked_part_does_not_matter(bundled: Generator, pool: Pool) -> None:
    targets = bundled.generate(latents(bundled.info, 99, 0, 4), one_hot([0, 1, 2, 3], 10))
    mask = np.ones((4, 28, 28), np.float32)
    mask[:, :, 12:16] = 0
    spoilt = targets.copy()
    spoilt[:, :, :, 12:16] = 1
    one, other = (invert(pool, bundled.generate, each, mask, effort=Effort(1, 2, 2)) for each in (targets, spoilt))
    np.testing.assert_array_equal(one.latents, other.latents)


@pytest.mark.parametrize("model", ["free", "colour", "many"])
def test_other_generators(models: dict[str, Path], model: str) -> None:
    generator = open_generator(models[model])
    info = generator.info
    small = Pool.draw(info, generator.generate)
    labels = labels_of(info, (), 0, 12)
    y = one_hot(labels, len(info.classes)) if info.conditional else None
    found = invert(small, generator.generate, generator.generate(latents(info, 9, 0, 12), y))
    assert np.median(found.rms) < 0.03
    assert (found.labels == labels).sum() >= 11


@pytest.mark.parametrize("info", [
    GeneratorInfo(512, "normal", (), 1, 28, 28), GeneratorInfo(100, "normal", (), 3, 64, 64),
    GeneratorInfo(128, "uniform", ("a", "b", "c"), 3, 32, 32), GeneratorInfo(1, "uniform", ("a",), 1, 48, 48),
], ids=["512 latents", "64 pixels", "uniform and in colour", "one latent"])  # fmt: skip
def test_other_sizes(info: GeneratorInfo, tmp_path: Path) -> None:
    generator = open_generator(write_model(tmp_path / "g.onnx", info), "cpu")
    small = Pool.draw(info, generator.generate, 100)
    labels = labels_of(info, (), 0, 2)
    y = one_hot(labels, len(info.classes)) if info.conditional else None
    targets = generator.generate(latents(info, 9, 0, 2), y)
    found = invert(small, generator.generate, targets, effort=Effort(1, 2, 5))
    nearest = np.sqrt(small.squared_errors(targets, None).min(axis=1))
    # Latents that are longer than one iteration looks at take several to be found.
    assert (found.rms < (0.6 * nearest if info.latent_size > DIRECTIONS else 0.01)).all()
    assert found.labels.tolist() == labels.tolist()


def test_a_generator_from_elsewhere(bundled: Generator, tmp_path: Path) -> None:
    """Its classes have numbers for names, and the classifier fits because it reads its samples."""
    model = onnx.load(BUNDLED_MODEL)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "foreign.onnx")
    foreign = open_generator(tmp_path / "foreign.onnx")
    assert foreign.notice
    pool = Pool.draw(foreign.info, foreign.generate)
    classifier = usable_classifier(pool)
    assert classifier is not None
    targets = bundled.generate(latents(bundled.info, 99, 0, 4), one_hot([6, 7, 8, 9], 10))
    found = invert(pool, foreign.generate, targets, classifier=classifier)
    assert (found.rms < 0.05).all()
    assert found.labels.tolist() == [6, 7, 8, 9]


def test_nothing_to_find(bundled: Generator, pool: Pool) -> None:
    found = invert(pool, bundled.generate, np.empty((0, 1, 28, 28), np.float32))
    assert found.latents.shape == (0, 64)
    assert found.labels.shape == (0,)
