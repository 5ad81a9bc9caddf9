"""The real images that generated ones are compared with, and which classes are requested of the generator."""

from __future__ import annotations

import pytest
import torch

from digitforge.errors import DataError
from trainer.scoring.real import ImageSet, Real


def real(labels: torch.Tensor) -> Real:
    nothing = torch.empty(len(labels), 0)
    images = ImageSet(torch.empty(len(labels), 1, 2, 2, dtype=torch.uint8), labels, nothing, nothing)
    return Real(images, images, "", True)


def test_classes_are_requested_as_often_as_the_training_images_have_them() -> None:
    labels = torch.arange(10).repeat_interleave(torch.arange(1, 11) * 20)
    uneven = real(labels)
    assert torch.equal(uneven.requested_labels(len(labels), 0).sort().values, labels), "each image once"
    some = uneven.requested_labels(400, 0)
    assert torch.equal(uneven.requested_labels(400, 0), some)
    assert not torch.equal(uneven.requested_labels(400, 1), some)
    shares, expected = some.bincount() / 400, labels.bincount() / len(labels)
    assert (shares - expected).abs().max() < 0.04, "two and a half standard deviations"
    with pytest.raises(DataError, match="needs as many training images"):
        uneven.requested_labels(len(labels) + 1, 0)
