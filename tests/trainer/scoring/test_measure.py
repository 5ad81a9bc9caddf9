"""All figures together, on sets whose answers are known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from digitforge.errors import DataError
from trainer.data import datasets
from trainer.scoring import measure, real
from trainer.scoring.features import FeatureNetwork, open_features
from trainer.scoring.real import ImageSet, Real, load_real, read_images


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(real, "cache_folder", lambda: tmp_path)
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


def test_real_images_score_like_the_floor(digits: Real, network: FeatureNetwork) -> None:
    found = measure.compare(digits.training.part(torch.arange(400)), digits, 1.0, quiet)
    floor = measure.floor(digits, network.sha256, 400, quiet)
    assert found["frechet_distance"] == pytest.approx(
        floor["frechet_distance"], abs=6 * floor["spread"]["frechet_distance"]
    )
    assert found["precision"] > 0.8
    assert found["coverage"] > 0.7  # 0.97 with as many as there are held-out images
    assert found["collapse_rate"] == 0
    assert found["conditional_accuracy"] > 0.8
    assert found["entropy_generated"] == pytest.approx(found["entropy_real"], rel=0.05)
    assert found["entropy_generated_smoothed"] > found["entropy_generated"]
    assert sum(found["class_shares"]) == pytest.approx(1)


def test_one_image_for_all_is_collapse(digits: Real) -> None:
    one = digits.training.part(torch.zeros(200, dtype=torch.int64))
    found = measure.compare(one, digits, 0, quiet)
    assert found["modes_covered"] == 1
    assert found["collapse_rate"] == pytest.approx(0.9)
    assert found["recall"] < 0.05
    assert found["coverage"] < 0.05
    assert max(found["twins"]) == 1


def test_ten_fixed_images_are_collapse_within_the_classes(digits: Real, network: FeatureNetwork) -> None:
    ten = torch.stack([(digits.training.read == label).nonzero()[0, 0] for label in range(10)])
    found = measure.compare(digits.training.part(ten.repeat(30)), digits, 0, quiet)
    assert found["collapse_rate"] == 0, "each digit is there"
    assert found["class_kl_nats"] == pytest.approx(0, abs=1e-6)
    assert min(found["twins"]) == 1
    assert found["coverage"] < 0.2
    assert found["frechet_distance"] > 5 * measure.floor(digits, network.sha256, 300, quiet)["frechet_distance"]


def test_shuffled_labels_are_read_as_asked_one_time_in_ten(digits: Real) -> None:
    order = torch.randperm(len(digits.training), generator=torch.Generator().manual_seed(0))
    whole = digits.training
    shuffled = ImageSet(whole.pixels, whole.labels[order], whole.probabilities, whole.features)
    assert measure.compare(shuffled, digits, 0, quiet)["conditional_accuracy"] == pytest.approx(0.1, abs=0.05)


def test_noise_is_far_from_everything(digits: Real, network: FeatureNetwork) -> None:
    noise = torch.randint(0, 256, (200, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = measure.compare(read_images(noise, torch.full((200,), -1), network), digits, 0, quiet)
    assert found["precision"] == 0
    assert found["coverage"] == 0
    assert found["conditional_accuracy"] is None, "nothing was asked for"
    assert found["histogram_distance"] > 0.6


def test_copies_of_training_images_are_caught(mnist_dir: Path, network: FeatureNetwork) -> None:
    training, test = (datasets.load("mnist", mnist_dir, split, limit=3_000) for split in ("train", "test"))
    mnist = load_real(training, test, network)
    copied, neighbours = measure.copies(mnist.training.part(torch.arange(500)), mnist, quiet)
    assert copied["memorisation"]["memorises"]
    assert copied["memorisation"]["copied"] == pytest.approx(1, abs=0.02)
    assert neighbours is not None
    assert torch.equal(neighbours, torch.arange(500))
    unseen = measure.copies(mnist.held_out.part(torch.arange(500)), mnist, quiet)[0]["memorisation"]
    assert unseen["ratio"] == pytest.approx(1, abs=0.1)


def test_data_without_a_test_split_say_nothing_about_memorisation(digits: Real) -> None:
    assert measure.copies(digits.training, digits, quiet) == ({"memorisation": None}, None)


def test_the_floor_is_kept_and_renewed_with_the_data(digits: Real, network: FeatureNetwork, own_cache: Path) -> None:
    calls: list[str] = []
    first = measure.floor(digits, network.sha256, 150, calls.append)
    assert len(calls) == measure.FLOOR_DRAWS * 4
    assert measure.floor(digits, network.sha256, 150, calls.append) == first
    assert len(calls) == measure.FLOOR_DRAWS * 4, "nothing was computed again"
    assert measure.floor(digits, "other features", 150, quiet) == first
    assert len(list((own_cache / "scores").glob("*.json"))) == 2


def test_too_few_images_are_refused(digits: Real, network: FeatureNetwork) -> None:
    with pytest.raises(DataError, match="too few to score"):
        measure.compare(digits.training.part(torch.arange(50)), digits, 0, quiet)


def test_figures_are_json_with_six_digits() -> None:
    assert measure.rounded({"a": [0.123456789, float("nan")], "b": None, "c": 3}) == {
        "a": [0.123457, None],
        "b": None,
        "c": 3,
    }
