"""Choose the feature network of a data set: the bundled one for digits, else one that is made for these images.

It is made when a score first needs it, and kept in the cache folder under the hash of the images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from digitforge.datasets import public_name
from digitforge.places import cache_folder, require_cache
from trainer.data import stacked
from trainer.data.datasets import Source
from trainer.networks.judge import BUNDLED, Classifier, ClassifierCard, load_classifier, save_classifier
from trainer.scoring import classifier, unlabelled
from trainer.scoring.features import FeatureNetwork, open_features
from trainer.seeding import stream

RECIPE = 1
"""Raise it when a change makes other feature networks, so that those in the cache are made again."""
EPOCHS = 16
LEAST_SHOWN, MOST_SHOWN = 40_000, 400_000
"""How many images a network is trained on, counting repetitions: `EPOCHS` times the images, within these limits."""
BATCH_SIZE = 128
HELD_OUT = 0.1
"""Share of the training images that the accuracy is measured on, where there are no test images."""
LOOKED_AT = 1_000
LEAST_READ = 0.7
"""Share of `LOOKED_AT` images that the bundled classifier must read as labelled; classes 0 to 9 may not be digits."""


def features_for(
    choice: str, weights: Path | None, training: Source, test: Source, step: Callable[[str], None]
) -> FeatureNetwork:
    """Return the feature network that scores of these images use.

    choice: "auto", or see `trainer.scoring.features.open_features`. step: called with what is done next.
    """
    if choice != "auto":
        return open_features(choice, weights, training.format)
    if _are_digits(training):
        return open_features("digits", None, training.format)
    return open_features(str(own_network(training, test, step)), None, training.format)


def own_network(training: Source, test: Source, step: Callable[[str], None]) -> Path:
    """Return the file of the feature network that is made for these images; train it if the cache does not have it."""
    key = f"{RECIPE} {training.sha256} {test.sha256} {training.format.to_json()}"
    folder = cache_folder() / "classifiers"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.safetensors"
    if not path.is_file():
        require_cache(folder)

        def show(done: int, steps: int) -> None:
            step(f"training a feature network for {training.dataset}, once: {done / steps:.0%}")

        with torch.random.fork_rng(devices=[]):
            model, accuracy = _train(training, test, show)
        card = ClassifierCard(public_name(training.dataset), training.format, training.sha256, accuracy)
        save_classifier(path, model.eval(), card)
    return path


def _are_digits(training: Source) -> bool:
    """Return whether the bundled classifier can judge these images."""
    if training.format.classes == stacked.CLASSES:
        return True
    digits = load_classifier(BUNDLED)[1].images
    mine = training.format
    if (mine.channels, mine.size) != (digits.channels, digits.size):
        return False
    if not mine.classes or not set(mine.classes) <= set(digits.classes):
        return False
    order = torch.randperm(len(training.images), generator=stream(torch.device("cpu"), 0, "digits"))[:LOOKED_AT]
    some = _part(training, order)
    labels = torch.from_numpy(some.labels)
    probabilities, _ = open_features("digits", None, training.format).predict(torch.from_numpy(some.images))
    return float((probabilities.argmax(dim=1) == labels)[labels >= 0].float().mean()) >= LEAST_READ


def _train(training: Source, test: Source, show: classifier.Show) -> tuple[Classifier, float]:
    """Train a network, and return it with its accuracy on images that it was not trained on."""
    if test.sha256 != training.sha256:
        rows, judged = torch.arange(len(training.images)), test
    else:
        order = torch.randperm(len(training.images), generator=stream(torch.device("cpu"), 0, "judged"))
        held_out = order[: max(1, round(HELD_OUT * len(order)))].sort().values
        rows = order[len(held_out) :].sort().values
        judged = _part(training, held_out)
    shown = min(max(EPOCHS * len(rows), LEAST_SHOWN), MOST_SHOWN)
    labels = torch.from_numpy(training.labels)[rows]
    labelled = len(training.format.classes) > 1 and bool((labels >= 0).any())
    if labelled:
        rows = rows[labels >= 0]
    batch_size = min(BATCH_SIZE, len(rows))
    epochs = max(1, round(shown / len(rows)))
    if labelled:
        part = _part(training, rows)
        model = classifier.train_classifier(part, epochs, batch_size, 0, show)
        return model, classifier.accuracy(model.eval(), judged)
    model = unlabelled.train(training, rows, epochs, batch_size, 0, show)
    return model, unlabelled.accuracy(model.eval(), torch.from_numpy(judged.images[:].copy()))


def _part(source: Source, rows: Tensor) -> Source:
    chosen = rows.numpy()
    return replace(source, images=source.images[chosen], labels=source.labels[chosen], known_sha256="")
