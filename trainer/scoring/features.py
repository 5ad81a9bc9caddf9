"""The networks whose features images are compared in, behind one interface."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from digitforge import hashing
from digitforge.datasets import public_name
from digitforge.errors import DataError
from digitforge.files import user_path
from trainer.config import ImageFormat
from trainer.data import stacked
from trainer.networks.judge import BUNDLED, Classifier, load_classifier, predict


@dataclass(frozen=True)
class FeatureNetwork:
    """Classifies images and computes their features. Metrics of networks with different hashes do not compare."""

    name: str
    sha256: str
    """Hash of the file with the weights."""
    classes: tuple[str, ...]
    """The classes it predicts; empty if they are not those of the data."""
    predict: Callable[[Tensor], tuple[Tensor, Tensor]]
    """uint8 [n, channels, size, size] -> class probabilities [n, classes] and features [n, features], float32."""
    accuracy: float | None = None
    """Share of images that it was not trained on that it classifies as labelled; without classes: see
    `trainer.scoring.unlabelled.accuracy`. None if it is not known."""


def open_features(choice: str, weights: Path | None, images: ImageFormat) -> FeatureNetwork:
    """Return the feature network for images of this format.

    choice: "digits" (the bundled classifier; for Stacked MNIST it is applied to each channel), "inception" with its
    `weights` (a state dictionary of torchvision's inception_v3), or a classifier's file written by
    `python -m trainer.scoring.classifier`. Raises DataError if it is missing or made for other images.
    """
    if choice == "inception":
        return _inception(weights)
    path = BUNDLED if choice == "digits" else user_path(choice)
    model, card = load_classifier(path)
    network = FeatureNetwork(
        public_name(card.dataset), _sha256(path), card.images.classes, _predict(model), card.accuracy
    )
    if choice == "digits" and images.classes == stacked.CLASSES:
        return FeatureNetwork(
            "mnist in each channel", network.sha256, stacked.CLASSES, _predict_channels(network), card.accuracy
        )
    if (images.channels, images.size) != (card.images.channels, card.images.size):
        raise DataError(
            f"The feature network {path.name} takes {card.images.channels} x {card.images.size} x {card.images.size} "
            f"images, not {images.channels} x {images.size} x {images.size}: use --features auto, or another file."
        )
    if not images.classes:
        return replace(network, name=f"{network.name}, no classes", classes=(), predict=_among(network, []))
    if set(images.classes) < set(card.images.classes):
        columns = [card.images.classes.index(name) for name in images.classes]
        return replace(
            network, name=f"{network.name}, {len(columns)} classes", classes=images.classes,
            predict=_among(network, columns), accuracy=None,
        )  # fmt: skip
    if images.classes != card.images.classes:
        raise DataError(
            f"The feature network {path.name} predicts the classes {', '.join(card.images.classes[:12])}, but the "
            f"images have the classes {', '.join(images.classes[:12])}: use --features auto, or another file."
        )
    return network


def _predict(model: Classifier) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def probabilities(images: Tensor) -> tuple[Tensor, Tensor]:
        logits, features = predict(model, images)
        return logits.softmax(dim=1), features

    return probabilities


def _among(network: FeatureNetwork, columns: list[int]) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Predict among the classes of `columns` alone."""

    def predict(images: Tensor) -> tuple[Tensor, Tensor]:
        probabilities, features = network.predict(images)
        probabilities = probabilities[:, columns]
        return probabilities / probabilities.sum(dim=1, keepdim=True).clamp(min=1e-12), features

    return predict


def _predict_channels(network: FeatureNetwork) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def predict(images: Tensor) -> tuple[Tensor, Tensor]:
        probabilities, features = zip(*(network.predict(images[:, [channel]]) for channel in range(3)), strict=True)
        first, second, third = probabilities
        joint = first[:, :, None, None] * second[:, None, :, None] * third[:, None, None, :]
        return joint.flatten(1), torch.cat(features, dim=1)

    return predict


def _inception(weights: Path | None) -> FeatureNetwork:
    from torchvision.models import inception_v3

    if weights is None or not weights.is_file():
        raise DataError(
            "Inception's weights are never downloaded: name a file with the state dictionary of torchvision's "
            "inception_v3 with --weights."
        )
    model = inception_v3(weights=None, init_weights=False, aux_logits=True)
    try:
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # torch.load's errors for other files have no common base
        raise DataError(f"{weights} does not hold the weights of torchvision's inception_v3.") from error
    model.fc = torch.nn.Identity()
    model.eval()
    mean, deviation = (
        torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )

    @torch.no_grad()
    def features(pixels: Tensor) -> tuple[Tensor, Tensor]:
        parts = []
        for part in pixels.split(50):
            colour = part.expand(-1, 3, -1, -1).float() / 255
            resized = F.interpolate(colour, size=(299, 299), mode="bicubic", align_corners=False, antialias=True)
            parts.append(model((resized - mean) / deviation))
        return torch.empty(len(pixels), 0), torch.cat(parts)

    return FeatureNetwork("inception", _sha256(weights), (), features)


def _sha256(path: Path) -> str:
    """Return the hash of a weights file. Raises DataError if the card beside it states another one."""
    found = hashing.sha256(path)
    card = path.with_suffix(".md")
    stated = re.search(r"sha256: `([0-9a-f]{64})`", card.read_text(encoding="utf-8")) if card.is_file() else None
    if stated and stated[1] != found:
        raise DataError(f"{path} is not the file that {card.name} describes (its hash differs): train it again.")
    return found
