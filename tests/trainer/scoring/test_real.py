"""What generated images are held against, and what is asked of the generator for it."""

from __future__ import annotations

import pytest
import torch

from digitforge.errors import DataError
from trainer.scoring.real import ImageSet, Real


def real(labels: torch.Tensor) -> Real:
    nothing = torch.empty(len(labels), 0)
    images = ImageSet(torch.empty(len(labels), 1, 2, 2, dtype=torch.uint8), labels, nothing, nothing)
    return Real(images, images, "", True)


def test_classes_are_asked_for_as_often_as_the_training_images_have_them() -> None:
    labels = torch.arange(10).repeat_interleave(torch.arange(1, 11) * 20)
    uneven = real(labels)
    assert torch.equal(uneven.asked(len(labels), 0).sort().values, labels), "each image once"
    some = uneven.asked(400, 0)
    assert torch.equal(uneven.asked(400, 0), some)
    assert not torch.equal(uneven.asked(400, 1), some)
    shares, expected = some.bincount() / 400, labels.bincount() / len(labels)
    assert (shares - expected).abs().max() < 0.04, "two and a half standard deviations"
    with pytest.raises(DataError, match="needs as many training images"):
        uneven.asked(len(labels) + 1, 0)
