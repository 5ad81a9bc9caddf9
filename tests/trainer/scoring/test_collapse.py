from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.data import datasets
from trainer.scoring.collapse import conditional_accuracy, confusion, modes, twins
from trainer.scoring.fidelity import classifier_score


def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_even_digits() -> None:
    found = modes(torch.arange(10).repeat(50), 10, least=5)
    assert found.shares == pytest.approx([0.1] * 10)
    assert (found.covered, found.collapse_rate) == (10, 0)
    assert found.kl_nats == pytest.approx(0)


def test_one_mode() -> None:
    found = modes(torch.full((100,), 3), 10)
    assert found.covered == 1
    assert found.collapse_rate == pytest.approx(0.9)
    assert found.kl_nats == pytest.approx(math.log(10))


def test_a_few_misclassified_images_are_not_a_mode() -> None:
    predicted = torch.cat([torch.arange(9).repeat(1000), torch.full((20,), 9)])
    assert modes(predicted, 10).covered == 10
    found = modes(predicted, 10, least=len(predicted) // 100)
    assert found.covered == 9
    assert found.collapse_rate == pytest.approx(0.1)


def test_stacked_digits() -> None:
    perfect = modes(torch.randint(1000, (26_000,), generator=random()), 1000)
    assert (perfect.covered, perfect.collapse_rate) == (1000, 0)
    assert perfect.kl_nats == pytest.approx(999 / 52_000, rel=0.15)
    grey = modes(111 * torch.arange(10).repeat(2600), 1000)
    assert grey.covered == 10
    assert grey.collapse_rate == pytest.approx(0.99)
    assert grey.kl_nats == pytest.approx(math.log(100))


def test_labels_obeyed_swapped_and_ignored() -> None:
    requested = torch.arange(10).repeat(1000)
    assert conditional_accuracy(confusion(requested, requested, 10)) == (1, [1] * 10)
    swapped = torch.where(requested == 1, 7, requested)
    confused = confusion(requested, swapped, 10)
    assert confused[1].tolist() == [0] * 7 + [1000, 0, 0]
    assert conditional_accuracy(confused) == (0.9, [1, 0] + [1] * 8)
    overall, each = conditional_accuracy(
        confusion(requested, requested[torch.randperm(10_000, generator=random())], 10)
    )
    assert overall == pytest.approx(0.1, abs=0.01)
    assert each == pytest.approx([0.1] * 10, abs=0.04)


def test_a_class_that_was_not_requested() -> None:
    assert conditional_accuracy(confusion(torch.tensor([0, 0]), torch.tensor([0, 2]), 3)) == (0.5, [0.5, 0, 0])


def clouds(each: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points around two centres, of different spread, and their classes."""
    classes = torch.arange(2).repeat_interleave(each)
    points = torch.randn(2 * each, 3, generator=torch.Generator().manual_seed(seed))
    return points * (1 + 9 * classes[:, None]) + 1000 * classes[:, None], classes


def test_varied_images_have_as_many_twins_as_real_ones() -> None:
    assert twins(*clouds(2000, 0), *clouds(2000, 1), 2) == pytest.approx([0.01, 0.01], abs=0.01)


def test_a_class_with_few_different_images_has_twins() -> None:
    # 1000 draws of 4000 different images in one class, 1000 different ones in the other
    different, _ = clouds(4000, 1)
    drawn = torch.cat([different[torch.randint(4000, (1000,), generator=random())], different[4000:5000]])
    found = twins(*clouds(1000, 0), drawn, torch.arange(2).repeat_interleave(1000), 2)
    assert found[0] == pytest.approx(1 - math.exp(-1 / 4), abs=0.04)
    assert found[1] < 0.03


def test_a_class_of_one_image_or_none() -> None:
    real, classes = clouds(50, 0)
    assert twins(real, classes, real[:51], classes[:51], 2)[1] == 1
    assert twins(real, classes, real[:50], classes[:50], 2)[1] == 1


def test_ten_fixed_digits_pass_as_classes_and_are_caught_as_images(mnist_dir: Path) -> None:
    source = datasets.load("mnist", mnist_dir, "test")
    images, labels = torch.from_numpy(source.images.copy()), torch.from_numpy(source.labels)
    fixed = torch.stack([images[labels == digit][0] for digit in range(10)]).repeat(200, 1, 1, 1)
    predicted = torch.arange(10).repeat(200)  # each is predicted as what it is
    assert classifier_score(100 * F.one_hot(predicted)) == pytest.approx(10)
    assert modes(predicted, 10, least=20).collapse_rate == 0
    assert twins(images, labels, fixed, predicted, 10) == [1] * 10
    half = twins(images[:5000], labels[:5000], images[5000:], labels[5000:], 10)
    assert max(half) < 0.1
