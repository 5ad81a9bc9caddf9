from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from digitforge.errors import DataError
from trainer.config import ImageFormat
from trainer.data.stacked import CLASSES
from trainer.networks.judge import BUNDLED, Classifier, ClassifierCard, save_classifier
from trainer.scoring.features import open_features

DIGITS = tuple("0123456789")


def test_digits_are_predicted_by_the_bundled_classifier() -> None:
    network = open_features("digits", None, ImageFormat(1, 28, DIGITS))
    probabilities, features = network.predict(torch.zeros(3, 1, 28, 28, dtype=torch.uint8))
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(3))
    assert features.shape == (3, 128)


def test_some_of_the_digits_are_predicted_among_themselves() -> None:
    network = open_features("digits", None, ImageFormat(1, 28, ("3", "8")))
    probabilities, _ = network.predict(torch.randint(0, 256, (4, 1, 28, 28), dtype=torch.uint8))
    assert probabilities.shape == (4, 2)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(4))


def test_stacked_digits_are_predicted_channel_by_channel() -> None:
    stacked = open_features("digits", None, ImageFormat(3, 28, CLASSES))
    single = open_features("digits", None, ImageFormat(1, 28, DIGITS))
    images = torch.randint(0, 256, (2, 3, 28, 28), dtype=torch.uint8)
    probabilities, features = stacked.predict(images)
    channels = [single.predict(images[:, [channel]])[0].argmax(dim=1) for channel in range(3)]
    assert torch.equal(probabilities.argmax(dim=1), 100 * channels[0] + 10 * channels[1] + channels[2])
    assert features.shape == (2, 3 * 128)
    assert len(stacked.classes) == 1000


def test_a_classifier_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_classifier(path, Classifier(3, 2).eval(), ClassifierCard("folder:x", ImageFormat(3, 32, ("a", "b")), "", 0.9))
    network = open_features(str(path), None, ImageFormat(3, 32, ("a", "b")))
    assert network.classes == ("a", "b")
    with pytest.raises(DataError, match=r"takes 3 x 32 x 32 images, not 1 x 28 x 28: use --features auto"):
        open_features(str(path), None, ImageFormat(1, 28, ()))
    with pytest.raises(DataError, match="predicts the classes a, b"):
        open_features(str(path), None, ImageFormat(3, 32, ("a", "c")))


def test_what_is_missing_or_changed_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python -m trainer\.scoring\.classifier"):
        open_features(str(tmp_path / "absent.safetensors"), None, ImageFormat(1, 28, DIGITS))
    for suffix in (".safetensors", ".md"):
        shutil.copy(BUNDLED.with_suffix(suffix), tmp_path / f"c{suffix}")
    changed = bytearray((tmp_path / "c.safetensors").read_bytes())
    changed[-1] ^= 1
    (tmp_path / "c.safetensors").write_bytes(changed)
    with pytest.raises(DataError, match="its hash differs"):
        open_features(str(tmp_path / "c.safetensors"), None, ImageFormat(1, 28, DIGITS))


def test_inception_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="never downloaded"):
        open_features("inception", None, ImageFormat(3, 32, ()))
    (tmp_path / "w.pt").write_bytes(b"no weights")
    with pytest.raises(DataError, match="does not hold the weights"):
        open_features("inception", tmp_path / "w.pt", ImageFormat(3, 32, ()))


def test_inception_predicts_with_weights_that_are_there(tmp_path: Path) -> None:
    from torchvision.models import inception_v3

    torch.save(inception_v3(weights=None, init_weights=False).state_dict(), tmp_path / "w.pt")
    network = open_features("inception", tmp_path / "w.pt", ImageFormat(1, 28, DIGITS))
    probabilities, features = network.predict(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))
    assert (probabilities.shape, features.shape) == ((1, 0), (1, 2048))
