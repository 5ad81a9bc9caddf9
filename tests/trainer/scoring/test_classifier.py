from __future__ import annotations

from pathlib import Path

import pytest

from trainer.data import datasets
from trainer.networks.judge import BUNDLED, load_classifier
from trainer.scoring import classifier


def test_the_bundled_classifier_reads_the_test_set(mnist_dir: Path) -> None:
    model, card = load_classifier()
    measured = classifier.accuracy(model, datasets.load("mnist", mnist_dir, "test"))
    assert measured >= 0.996
    assert measured == pytest.approx(card.accuracy, abs=2e-4)
    assert BUNDLED.stat().st_size < 2_000_000


def test_it_reads_the_embedded_digits_too() -> None:
    # Another hand, another scanner: far above chance, and no MNIST is needed to know that the weights are loaded.
    assert classifier.accuracy(load_classifier()[0], datasets.load("sklearn-digits", None)) > 0.8


def test_the_command_makes_one_for_any_labelled_data(tmp_path: Path) -> None:
    out = tmp_path / "mine.safetensors"
    arguments = ["--dataset", "sklearn-digits", "--epochs", "3", "--batch-size", "64", "--out", str(out)]
    assert classifier.main(arguments) == 0
    model, card = load_classifier(out)
    assert card.dataset == "sklearn-digits"
    assert card.accuracy == classifier.accuracy(model, datasets.load("sklearn-digits", None)) > 0.9
    assert (
        f"accuracy on the training images (the data set has no test images): {card.accuracy:.2%}"
        in out.with_suffix(".md").read_text()
    )


def test_a_classifier_of_other_data_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    before = BUNDLED.read_bytes()
    assert classifier.main(["--dataset", "sklearn-digits"]) == 2
    assert "--out" in capsys.readouterr().err
    assert BUNDLED.read_bytes() == before
