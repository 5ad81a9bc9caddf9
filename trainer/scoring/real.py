"""The real images that generated ones are compared with, and what the feature network predicts for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from digitforge.errors import DataError
from trainer.data.datasets import Source
from trainer.scoring.cache import READING, cached_tensors, code_hash
from trainer.scoring.features import FeatureNetwork
from trainer.seeding import stream

LEAST_HELD_OUT = 100


@dataclass(frozen=True)
class ImageSet:
    """Images with the outputs of a feature network."""

    pixels: Tensor
    """uint8 [n, channels, size, size]."""
    labels: Tensor
    """int64 [n]: the classes of real images, the requested classes of generated ones; -1 without one."""
    probabilities: Tensor
    """float32 [n, classes]; no columns if the network does not know the classes of the data."""
    features: Tensor
    """float32 [n, features]."""

    @cached_property
    def predicted(self) -> Tensor:
        """The most probable class of each image, int64 [n]."""
        return self.probabilities.argmax(dim=1)

    def part(self, rows: Tensor) -> ImageSet:
        """Return the images with these indices."""
        return ImageSet(self.pixels[rows], self.labels[rows], self.probabilities[rows], self.features[rows])

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class Real:
    """The real images: those for training, and held-out ones to compare with."""

    training: ImageSet
    held_out: ImageSet
    sha256: str
    held_out_is_unseen: bool
    """False if the data set has no test images: then half of the training images are held out here."""

    def requested_labels(self, count: int, seed: int) -> Tensor:
        """Return classes to request from a conditional generator, int64 [count]: those of random training images.

        If all classes were equally frequent, even real images would be farther from the held-out ones than the floor.
        Raises DataError if there are fewer than `count` training images, as there would be no floor either.
        """
        if count > len(self.training):
            raise DataError(
                f"The floor of {count:,} images needs as many training images, but there are {len(self.training):,}."
            )
        # The name is part of the seed: with another one, scores would not compare with older ones.
        order = torch.randperm(len(self.training), generator=stream(torch.device("cpu"), seed, "asked"))
        labels = self.training.labels[order]
        labels = labels[labels >= 0]  # some images may have no label
        return labels[torch.arange(count) % len(labels)]


def predict_images(pixels: Tensor, labels: Tensor, network: FeatureNetwork) -> ImageSet:
    """Run the feature network. pixels: uint8 [n, channels, size, size]; labels: int64 [n]."""
    return ImageSet(pixels, labels, *network.predict(pixels))


def load_real(training: Source, test: Source, network: FeatureNetwork) -> Real:
    """Run the feature network on all real images. The outputs are cached.

    Raises DataError if fewer than `LEAST_HELD_OUT` images would be held out.
    """
    unseen = test.sha256 != training.sha256
    sets = []
    for source in (training, test) if unseen else (training,):
        pixels, labels = torch.from_numpy(source.images[:].copy()), torch.from_numpy(source.labels)
        outputs = cached_tensors(
            f"{source.sha256}-{network.sha256}-{network.name}-{code_hash(READING)}",
            lambda pixels=pixels: dict(zip(("probabilities", "features"), network.predict(pixels), strict=True)),  # type: ignore[misc]
        )
        sets.append(ImageSet(pixels, labels, outputs["probabilities"], outputs["features"]))
    if not unseen:
        order = torch.randperm(len(sets[0]), generator=stream(torch.device("cpu"), 0, "held out"))
        half = len(order) // 2
        sets = [sets[0].part(order[half:].sort().values), sets[0].part(order[:half].sort().values)]
    if len(sets[1]) < LEAST_HELD_OUT:
        raise DataError(
            f"{training.dataset} has {len(sets[1])} images to compare with; scores need {LEAST_HELD_OUT} or more."
        )
    return Real(sets[0], sets[1], hashlib.sha256((training.sha256 + test.sha256).encode()).hexdigest(), unseen)
