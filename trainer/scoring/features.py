"""The networks in whose features images are compared, behind one interface."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from digitforge import hashing
from digitforge.errors import DataError
from trainer.config import ImageFormat
from trainer.data import stacked
from trainer.networks.judge import BUNDLED, Classifier, load_classifier, read


@dataclass(frozen=True)
class FeatureNetwork:
    """Reads images. Figures of networks with different hashes do not compare."""

    name: str
    sha256: str
    """Of the weights' file."""
    classes: tuple[str, ...]
    """What it can tell apart; empty where it has no opinion on the classes of the data."""
    read: Callable[[Tensor], tuple[Tensor, Tensor]]
    """uint8 [n, channels, size, size] -> class probabilities [n, classes] and features [n, features], float32."""


def open_features(choice: str, weights: Path | None, images: ImageFormat) -> FeatureNetwork:
    """The feature network for such images.

    choice: "digits" (the bundled classifier; on three channels it reads a digit in each), "inception" with its
    `weights` (a state dictionary of torchvision's inception_v3), or the file of a classifier that
    `python -m trainer.scoring.classifier` made. Raises DataError where it is missing or reads other images.
    """
    if choice == "inception":
        return _inception(weights)
    path = BUNDLED if choice == "digits" else Path(choice)
    model, card = load_classifier(path)
    network = FeatureNetwork(card.dataset, _sha256(path), card.images.classes, _reading(model))
    if choice == "digits" and images.classes == stacked.CLASSES:
        return FeatureNetwork("mnist in each channel", network.sha256, stacked.CLASSES, _reading_channels(network))
    if (images.channels, images.size) != (card.images.channels, card.images.size):
        raise DataError(
            f"The feature network {path.name} reads {card.images.channels} x {card.images.size} x {card.images.size} "
            f"images, not {images.channels} x {images.size} x {images.size}: make one for your data with "
            "`python -m trainer.scoring.classifier --dataset D --out FILE`, and name it with --features FILE."
        )
    if not images.classes:
        return FeatureNetwork(f"{network.name}, no classes", network.sha256, (), _among(network, []))
    if set(images.classes) < set(card.images.classes):
        columns = [card.images.classes.index(name) for name in images.classes]
        return FeatureNetwork(
            f"{network.name}, {len(columns)} classes", network.sha256, images.classes, _among(network, columns)
        )
    if images.classes != card.images.classes:
        raise DataError(
            f"The feature network {path.name} tells {', '.join(card.images.classes[:12])} apart, but the images are "
            f"of {', '.join(images.classes[:12])}: name another with --features FILE."
        )
    return network


def _reading(model: Classifier) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def both(images: Tensor) -> tuple[Tensor, Tensor]:
        logits, features = read(model, images)
        return logits.softmax(dim=1), features

    return both


def _among(network: FeatureNetwork, columns: list[int]) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Reading where only some of the classes can be meant."""

    def some(images: Tensor) -> tuple[Tensor, Tensor]:
        probabilities, features = network.read(images)
        probabilities = probabilities[:, columns]
        return probabilities / probabilities.sum(dim=1, keepdim=True).clamp(min=1e-12), features

    return some


def _reading_channels(network: FeatureNetwork) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    def all_three(images: Tensor) -> tuple[Tensor, Tensor]:
        probabilities, features = zip(*(network.read(images[:, [channel]]) for channel in range(3)), strict=True)
        first, second, third = probabilities
        joint = first[:, :, None, None] * second[:, None, :, None] * third[:, None, None, :]
        return joint.flatten(1), torch.cat(features, dim=1)

    return all_three


def _inception(weights: Path | None) -> FeatureNetwork:
    from torchvision.models import inception_v3

    if weights is None or not weights.is_file():
        raise DataError(
            "Inception's weights are never fetched: name a file with --weights that holds the state dictionary of "
            "torchvision's inception_v3."
        )
    model = inception_v3(weights=None, init_weights=False, aux_logits=True)
    try:
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # what torch.load raises for a file that is something else has no common base
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
    """The hash of a weights' file. Raises DataError where the card beside it, if there is one, names another."""
    found = hashing.sha256(path)
    card = path.with_suffix(".md")
    told = re.search(r"sha256: `([0-9a-f]{64})`", card.read_text(encoding="utf-8")) if card.is_file() else None
    if told and told[1] != found:
        raise DataError(f"{path} is not the file that {card.name} describes (its hash differs): make it again.")
    return found
