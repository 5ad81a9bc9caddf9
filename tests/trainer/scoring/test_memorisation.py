from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from trainer.data import datasets
from trainer.report.sections import verdict
from trainer.scoring.memorisation import memorisation, require_meaning
from trainer.scoring.neighbours import nearest
from trainer.scoring.scores import Facts, Floor, Memorisation, Metrics, Score


def estimate(generated: Tensor, training: Tensor, held_out: Tensor) -> Memorisation:
    return memorisation(
        nearest(generated, training)[0],
        nearest(generated, held_out)[0],
        nearest(held_out, training)[0],
        len(training),
        len(held_out),
    )


@pytest.fixture
def points() -> Tensor:
    return torch.randn(12_000, 6, generator=torch.Generator().manual_seed(0))


def test_what_is_new_is_no_copy(points: Tensor) -> None:
    training, held_out, new = points.split([6000, 2000, 4000])
    found = estimate(new, training, held_out)
    assert not found.memorises
    assert abs(found.copied) < 4 * found.error
    assert found.error == pytest.approx((3 / 4000) ** 0.5)
    assert found.ratio == pytest.approx(1, abs=0.05)


def test_typical_images_are_no_copies_though_they_are_near(points: Tensor) -> None:
    training, held_out, new = points.split([6000, 2000, 4000])
    found = estimate(new / 2, training, held_out)
    assert found.ratio < 0.8
    assert not found.memorises


def test_the_training_set_given_back(points: Tensor) -> None:
    training, held_out, _ = points.split([6000, 2000, 4000])
    found = estimate(training[:3000], training, held_out)
    assert found.memorises
    assert found.copied == pytest.approx(1)
    assert found.ratio == 0


def test_the_share_of_copies_among_new_images_is_found(points: Tensor) -> None:
    training, held_out, new = points.split([6000, 2000, 4000])
    found = estimate(torch.cat([new[:2100], training[:900]]), training, held_out)
    assert found.copied == pytest.approx(0.3, abs=4 * found.error)
    assert found.memorises


def test_images_that_both_sets_have_tell_nothing(points: Tensor) -> None:
    found = estimate(points[:500], points, points[:1000])
    assert found.copied == pytest.approx(0)


def test_digits_given_back_with_noise(mnist_dir: Path) -> None:
    training, test = (
        torch.from_numpy(datasets.load("mnist", mnist_dir, split).images[:count].copy())
        for split, count in (("train", 10_000), ("test", 2000))
    )
    noise = 30 * torch.randn(2000, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    found = estimate((training[:2000] + noise).clamp(0, 255).byte(), training, test)
    assert found.copied > 0.95
    assert found.ratio > 0.4  # by distance alone they would pass


def meaning(generated: Tensor, training: Tensor, held_out: Tensor) -> Memorisation:
    (to_training, first), (to_held_out, second) = (nearest(generated, other) for other in (training, held_out))
    whole = torch.where(to_training <= to_held_out, first, second + len(training))
    return require_meaning(estimate(generated, training, held_out), whole)


def test_noise_and_repetitions_say_nothing_about_copies(points: Tensor) -> None:
    training, held_out, new = points.split([6000, 2000, 4000])
    assert meaning(new, training, held_out) == estimate(new, training, held_out)
    assert meaning(training[:100].repeat(20, 1), training, held_out).memorises
    far = meaning(new[:1000] + 20, training, held_out)
    assert "times as far from the training images" in far.problem
    same = meaning(new[:3].repeat(500, 1), training, held_out)
    assert "nearly all images resemble the same few real ones" in same.problem
    for found in (far, same):
        assert not found.memorises
        score = Score(Facts(), Metrics({"copied": None}), Floor(), found)
        read = Score.from_json(score.to_json())
        assert read.memorisation is not None
        assert read.memorisation.problem == found.problem
        assert read.floor_of("copied") == (None, None)
        assert verdict(read) == found.problem
