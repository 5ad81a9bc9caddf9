"""All metrics together, on sets whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from digitforge.errors import DataError
from trainer.data import datasets
from trainer.scoring import cache, measure
from trainer.scoring.features import FeatureNetwork, open_features
from trainer.scoring.measure import score_images
from trainer.scoring.real import ImageSet, Real, load_real, predict_images
from trainer.scoring.scores import Facts, Score


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def network() -> FeatureNetwork:
    return open_features("digits", None, datasets.load("sklearn-digits", None).format)


@pytest.fixture
def digits(network: FeatureNetwork) -> Real:
    source = datasets.load("sklearn-digits", None)
    return load_real(source, source, network)


def quiet(_: str) -> None:
    pass


def scored(images: ImageSet, real: Real, network: FeatureNetwork, smooth: float = 0) -> Score:
    return score_images(Facts(), images, real, network, copies=False, smooth=smooth)[0]


def values(score: Score, *keys: str) -> list[float]:
    """The metrics, which have to apply."""
    found = [score.metrics[key] for key in keys]
    assert None not in found
    return [value for value in found if value is not None]


def test_real_images_score_like_the_floor(digits: Real, network: FeatureNetwork) -> None:
    found = scored(digits.training.part(torch.arange(400)), digits, network, 1.0)
    mean, spread = found.floor_of("frechet_distance")
    assert mean is not None
    assert spread is not None
    (distance,) = values(found, "frechet_distance")
    assert distance == pytest.approx(mean, abs=6 * spread)
    precision, coverage, collapse, accuracy = values(
        found, "precision", "coverage", "collapse_rate", "conditional_accuracy"
    )
    assert precision > 0.8
    assert coverage > 0.7  # 0.97 with as many as there are held-out images
    assert collapse == 0
    assert accuracy > 0.8
    entropy, real = values(found, "entropy_generated", "entropy_real")
    assert entropy == pytest.approx(real, rel=0.05)
    assert found.smoothed is not None
    assert found.smoothed.entropy is not None
    assert found.smoothed.entropy > entropy
    assert sum(found.classes.shares) == pytest.approx(1)


def test_one_image_for_all_is_collapse(digits: Real, network: FeatureNetwork) -> None:
    one = digits.training.part(torch.zeros(200, dtype=torch.int64))
    found = scored(one, digits, network)
    assert found.classes.modes_covered == 1
    collapse, recall, coverage = values(found, "collapse_rate", "recall", "coverage")
    assert collapse == pytest.approx(0.9)
    assert recall < 0.05
    assert coverage < 0.05
    assert max(found.classes.twins) == 1


def test_ten_fixed_images_are_collapse_within_the_classes(digits: Real, network: FeatureNetwork) -> None:
    ten = torch.stack([(digits.training.predicted == label).nonzero()[0, 0] for label in range(10)])
    found = scored(digits.training.part(ten.repeat(30)), digits, network)
    collapse, divergence, coverage, distance = values(
        found, "collapse_rate", "class_kl_nats", "coverage", "frechet_distance"
    )
    assert collapse == 0, "each digit is there"
    assert divergence == pytest.approx(0, abs=1e-6)
    assert min(found.classes.twins) == 1
    assert coverage < 0.2
    floor, _ = found.floor_of("frechet_distance")
    assert floor is not None
    assert distance > 5 * floor


def test_one_in_ten_of_shuffled_labels_is_predicted_as_requested(digits: Real, network: FeatureNetwork) -> None:
    order = torch.randperm(len(digits.training), generator=torch.Generator().manual_seed(0))
    whole = digits.training
    shuffled = ImageSet(whole.pixels, whole.labels[order], whole.probabilities, whole.features)
    (accuracy,) = values(scored(shuffled, digits, network), "conditional_accuracy")
    assert accuracy == pytest.approx(0.1, abs=0.05)


def test_noise_is_far_from_everything(digits: Real, network: FeatureNetwork) -> None:
    noise = torch.randint(0, 256, (200, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = scored(predict_images(noise, torch.full((200,), -1), network), digits, network)
    precision, coverage, histogram = values(found, "precision", "coverage", "histogram_distance")
    assert precision == 0
    assert coverage == 0
    assert found.metrics["conditional_accuracy"] is None, "nothing was requested"
    assert histogram > 0.6


def test_copies_of_training_images_are_caught(mnist_dir: Path, network: FeatureNetwork) -> None:
    training, test = (datasets.load("mnist", mnist_dir, split, limit=3_000) for split in ("train", "test"))
    mnist = load_real(training, test, network)
    copied, neighbours = measure.find_copies(mnist.training.part(torch.arange(500)), mnist, quiet)
    assert copied is not None
    assert copied.memorises
    assert copied.copied == pytest.approx(1, abs=0.02)
    assert neighbours is not None
    assert torch.equal(neighbours, torch.arange(500))
    unseen, _ = measure.find_copies(mnist.held_out.part(torch.arange(500)), mnist, quiet)
    assert unseen is not None
    assert unseen.ratio == pytest.approx(1, abs=0.1)


def test_data_without_a_test_split_say_nothing_about_memorisation(digits: Real) -> None:
    assert measure.find_copies(digits.training, digits, quiet) == (None, None)


def test_the_floor_is_kept_and_renewed_with_the_data(digits: Real, network: FeatureNetwork, own_cache: Path) -> None:
    calls: list[str] = []
    first = measure.floor(digits, network, 150, calls.append)
    computed = len(calls)
    assert computed >= measure.FLOOR_DRAWS
    assert measure.floor(digits, network, 150, calls.append) == first
    assert len(calls) == computed, "nothing was computed again"
    assert measure.floor(digits, replace(network, sha256="other"), 150, quiet) == first
    assert len(list((own_cache / "scores").glob("*.values"))) == 2


def test_too_few_images_are_refused(digits: Real, network: FeatureNetwork) -> None:
    with pytest.raises(DataError, match="too few to score"):
        scored(digits.training.part(torch.arange(50)), digits, network)
