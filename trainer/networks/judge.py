"""The classifier that judges generated images, and its file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from digitforge import files
from digitforge.errors import DataError
from trainer.config import ImageFormat
from trainer.networks.pixels import from_pixels

BUNDLED = Path(__file__).parents[1] / "scoring" / "classifier.safetensors"
METADATA_KEY = "digitforge"
FEATURES = 128
LARGEST_WHOLE = 32
"""Images of up to this many pixels a side are not halved before the first of the five convolutions."""


@dataclass(frozen=True)
class ClassifierCard:
    """What a classifier was trained on, and its accuracy on images it was not trained on."""

    dataset: str
    images: ImageFormat
    data_sha256: str
    accuracy: float
    """Fraction of the test images classified as labelled. Without classes: see `trainer.scoring.unlabelled`."""


class Classifier(nn.Module):
    """Five convolutions, a global average and a linear layer, for images in [-1, 1].

    Images larger than 32 pixels a side are halved first, by a convolution each time.
    """

    def __init__(self, channels: int, classes: int, size: int = LARGEST_WHOLE) -> None:
        super().__init__()
        halvings: list[nn.Module] = []
        while size > LARGEST_WHOLE:
            halvings += [nn.Conv2d(channels, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
            halvings.append(nn.MaxPool2d(2))
            channels, size = 16, size // 2
        self.halvings = nn.Sequential(*halvings)
        widths = [(channels, 32), (32, 32), (32, 64), (64, 64), (64, FEATURES)]
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            if index in (1, 3):
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(FEATURES, classes) if classes else None

    def features(self, images: Tensor) -> Tensor:
        """Map images [batch, channels, size, size] to features [batch, 128]."""
        features: Tensor = self.layers(self.halvings(images)).mean(dim=(2, 3))
        return features

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map images [batch, channels, size, size] to logits [batch, classes] and features [batch, 128]."""
        features = self.features(images)
        return features[:, :0] if self.head is None else self.head(features), features


def save_classifier(path: Path, model: Classifier, card: ClassifierCard) -> None:
    """Write the weights and the card to one file, atomically."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    with files.atomic_file(path) as temporary:
        temporary.write_bytes(save(tensors, {METADATA_KEY: json.dumps(asdict(card))}))


def load_classifier(path: Path = BUNDLED) -> tuple[Classifier, ClassifierCard]:
    """Load a classifier, in evaluation mode, and its card. Raises DataError if the file is missing or damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[METADATA_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        card = ClassifierCard(**about | {"images": ImageFormat.from_json(about["images"])})
        model = Classifier(card.images.channels, len(card.images.classes), card.images.size)
        model.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is missing, damaged, or not a classifier: make one with `python -m trainer.scoring.classifier`."
        ) from error
    return model.eval(), card


@torch.no_grad()
def predict(model: Classifier, images: Tensor, batch: int = 100) -> tuple[Tensor, Tensor]:
    """Map uint8 images [n, channels, size, size] to logits [n, classes] and features [n, 128], float32."""
    logits = torch.empty(len(images), 0 if model.head is None else model.head.out_features)
    features = torch.empty(len(images), FEATURES)
    # In place: small results between large activations would keep the allocator from reusing the memory.
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        logits[part], features[part] = model(from_pixels(images[part]))
    return logits, features
