"""Train a feature network on images without labels: it recognises an image by a distorted copy of it.

Two random distortions of each image of a batch are compared, and the network learns to find each one's partner among
all others (SimCLR, Chen et al. 2020, "A simple framework for contrastive learning of visual representations"). The
distortions are small changes of geometry and colour, which leave the content of a picture. Noise and missing parts are
not among them, so that the features still tell such faults apart.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer import augment
from trainer.data.datasets import Source
from trainer.networks.judge import Classifier
from trainer.networks.pixels import from_pixels
from trainer.scoring.classifier import Show, fit
from trainer.seeding import Draws

DISTORTION = "shift:0.1,rotate:15,scale:0.2,shear:10,brightness:0.1,contrast:0.2,saturation:0.3"
TEMPERATURE = 0.2
OUTPUTS = 64
"""Dimensions in which copies are compared during training (SimCLR's projection); the features are the layer before."""
GROUP = 100
"""How many images `accuracy` chooses among."""


def train(source: Source, rows: Tensor, epochs: int, batch_size: int, seed: int, show: Show) -> Classifier:
    """Train on the images `rows` of `source`, and return averaged weights of a classifier without classes."""

    def loss(model: Classifier, images: Tensor, _chosen: Tensor, draws: Draws) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            outputs, _ = model(torch.cat(_copies(images, draws)))
        first, second = F.normalize(outputs.float(), dim=1).chunk(2)
        alike = first @ second.T / TEMPERATURE
        partners = torch.arange(len(first))
        return (F.cross_entropy(alike, partners) + F.cross_entropy(alike.T, partners)) / 2

    model = fit(source, rows, OUTPUTS, loss, epochs, batch_size, seed, show)
    model.head = None
    return model


@torch.no_grad()
def accuracy(model: Classifier, images: Tensor) -> float:
    """Return how often the features find a distorted copy of an image among those of `GROUP` images.

    images: uint8 [n, channels, size, size], not trained on.
    """
    right = []
    for number, group in enumerate(images.split(GROUP)):
        draws = Draws(images.device, 0, number, len(group), slice(None))
        first, second = (F.normalize(model.features(copy), dim=1) for copy in _copies(from_pixels(group), draws))
        right.append((first @ second.T).argmax(dim=1) == torch.arange(len(group)))
    return float(torch.cat(right).float().mean())


def _copies(images: Tensor, draws: Draws) -> list[Tensor]:
    distortion = augment.parse(DISTORTION)
    return [augment.augment(images, distortion, 1.0, draws, name) for name in ("first", "second")]
