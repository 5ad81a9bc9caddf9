from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from digitforge.errors import DataError, ExportError
from export.convert.classifier import export_classifier
from trainer.config import ImageFormat
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.networks.judge import Classifier, load_classifier
from trainer.scoring import own

SHAPES = ("bar", "box", "dot")


def no_step(_: str) -> None: ...


def shapes(count: int, size: int = 24, classes: tuple[str, ...] = SHAPES) -> Source:
    """Coloured shapes at random places."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, count)
    images = draw.integers(0, 40, (count, 3, size, size)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        high, wide = ((16, 4), (12, 12), (4, 4))[label]
        y, x = draw.integers(2, size - 18, 2)
        image[:, y : y + high, x : x + wide] = draw.integers(120, 256, (3, 1, 1))
    return Source("folder:shapes", images, labels if classes else np.zeros_like(labels), ImageFormat(3, size, classes))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIGITFORGE_CACHE", str(tmp_path))
    monkeypatch.setattr(own, "LEAST_SHOWN", 4_000)
    monkeypatch.setattr(own, "EPOCHS", 1)
    monkeypatch.setattr(own, "BATCH_SIZE", 32)


@pytest.mark.usefixtures("few")
def test_a_network_is_made_once_for_each_data_set() -> None:
    source = shapes(300)
    said: list[str] = []
    network = own.features_for("auto", None, source, source, said.append)
    assert said[-1].startswith("training a feature network for folder:shapes, once: 9")
    assert network.classes == SHAPES
    assert network.accuracy is not None
    assert network.accuracy > 0.8
    probabilities, features = network.predict(torch.from_numpy(source.images))
    assert (features.shape, probabilities.shape) == ((300, 128), (300, 3))
    said.clear()
    again = own.features_for("auto", None, source, source, said.append)
    assert (again.sha256, said) == (network.sha256, [])


@pytest.mark.usefixtures("few")
def test_images_without_labels_get_a_network_that_tells_them_apart(tmp_path: Path) -> None:
    source = shapes(300, classes=())
    network = own.features_for("auto", None, source, source, no_step)
    assert network.classes == ()
    assert network.accuracy is not None
    assert network.accuracy > 0.3, "of thirty images; chance is 0.03"
    probabilities, features = network.predict(torch.from_numpy(source.images[:5]))
    assert (features.shape, probabilities.shape) == ((5, 128), (5, 0))
    (path,) = (tmp_path / "classifiers").iterdir()
    with pytest.raises(ExportError, match="tells no classes apart"):
        export_classifier(path, tmp_path / "out.onnx")
    with pytest.raises(DataError, match=r"images have the classes bar, box, dot: use --features auto"):
        own.features_for(str(path), None, shapes(300), shapes(300), no_step)


@pytest.mark.usefixtures("few")
def test_images_of_which_some_have_labels_use_these() -> None:
    source = shapes(300)
    source.labels[::3] = -1
    network = own.features_for("auto", None, source, source, no_step)
    assert network.classes == SHAPES
    assert network.accuracy is not None
    assert network.accuracy > 0.6


@pytest.mark.usefixtures("few")
def test_the_bundled_network_judges_digits_alone() -> None:
    digits = datasets.load("sklearn-digits", None)
    assert own.features_for("auto", None, digits, digits, no_step).name == "mnist"
    some = datasets.load("sklearn-digits", None, classes="3,8")
    assert own.features_for("auto", None, some, some, no_step).name == "mnist, 2 classes"
    # Other pictures whose classes are called 0 to 9.
    others = replace(digits, labels=(digits.labels + 1) % 10, dataset="npz:others.npz")
    assert own.features_for("auto", None, others, others, no_step).name == "npz:others.npz"


def test_larger_images_are_halved_first() -> None:
    plain, halved = Classifier(1, 10, 32), Classifier(1, 10, 128)
    assert not list(plain.halvings.parameters())
    assert plain.state_dict().keys() == load_classifier()[0].state_dict().keys()
    sides: list[int] = []
    halved.layers.register_forward_pre_hook(lambda _module, inputs: sides.append(inputs[0].shape[2]))
    assert halved(torch.zeros(2, 1, 128, 128))[1].shape == (2, 128)
    assert sides == [32]
