from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from digitforge.errors import ModelRefused
from export import classifier as command
from export.runtime.predict import BUNDLED_CLASSIFIER, open_classifier
from trainer.config import ImageFormat
from trainer.networks.judge import BUNDLED, Classifier, ClassifierCard, load_classifier, predict, save_classifier


def test_the_bundled_file_predicts_what_the_weights_predict() -> None:
    classifier = open_classifier()
    assert classifier.weights_sha256 == hashlib.sha256(BUNDLED.read_bytes()).hexdigest(), "export it again"
    pixels = np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8)
    probabilities, features = classifier.predict(pixels)
    logits, expected = predict(load_classifier()[0], torch.from_numpy(pixels)[:, None])
    np.testing.assert_allclose(probabilities, logits.softmax(dim=1).numpy(), atol=1e-4)
    np.testing.assert_allclose(features, expected.numpy(), atol=1e-4)
    assert classifier.classes == tuple("0123456789")


def test_colour_classifiers_export_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights, out = tmp_path / "c.safetensors", tmp_path / "c.onnx"
    save_classifier(weights, Classifier(3, 2), ClassifierCard("folder:x", ImageFormat(3, 32, ("a", "b")), "", 0.5))
    assert command.main([str(weights), "--out", str(out)]) == 0
    probabilities, features = open_classifier(out).predict(np.zeros((501, 32, 32, 3), np.uint8))
    assert (probabilities.shape, features.shape) == ((501, 2), (501, 128))
    with pytest.raises(ModelRefused, match=r"of \(32, 32, 3\), not of \(28, 28\)"):
        open_classifier(out).predict(np.zeros((1, 28, 28), np.uint8))


def test_the_bundled_file_is_not_overwritten_by_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = BUNDLED_CLASSIFIER.read_bytes()
    assert command.main([str(tmp_path / "mine.safetensors")]) == 2
    assert "--out" in capsys.readouterr().err
    assert BUNDLED_CLASSIFIER.read_bytes() == before


@pytest.mark.parametrize("what", ["absent", "a generator", "no classes"])
def test_a_file_that_is_not_a_classifier_is_refused(tmp_path: Path, models: dict[str, Path], what: str) -> None:
    path = tmp_path / "absent.onnx"
    if what == "a generator":
        path = models["digits"]
    elif what == "no classes":
        path = tmp_path / "damaged.onnx"
        model = onnx.load(BUNDLED_CLASSIFIER)
        kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != "classes"}
        onnx.helper.set_model_props(model, kept)
        onnx.save(model, path)
    with pytest.raises(ModelRefused):
        open_classifier(path)
