from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer.data import sources
from trainer.errors import DataError
from trainer.scoring import classifier


def test_the_bundled_classifier_reads_the_test_set(mnist_dir: Path) -> None:
    assert classifier.accuracy(classifier.load_classifier(), sources.load("mnist", mnist_dir, "test")) >= 0.996


def test_it_reads_the_embedded_digits_too() -> None:
    # Another hand, another scanner: far above chance, and no MNIST is needed to know that the weights are loaded.
    assert classifier.accuracy(classifier.load_classifier(), sources.load("sklearn-digits", None)) > 0.8


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python -m trainer\.scoring\.classifier"):
        classifier.load_classifier(tmp_path / "absent.safetensors")


def test_distortion_moves_ink_without_losing_it() -> None:
    images = torch.full((64, 1, 28, 28), -1.0)
    images[:, :, 10:18, 10:18] = 1.0
    distorted = classifier.distort(images, torch.Generator().manual_seed(0))
    ink = (distorted + 1).sum(dim=(1, 2, 3)) / (images + 1).sum(dim=(1, 2, 3))
    assert 0.7 < ink.min() < ink.max() < 1.4
    assert not torch.allclose(distorted[0], distorted[1])
    assert distorted.min() >= -1
