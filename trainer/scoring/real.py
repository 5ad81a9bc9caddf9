"""What generated images are held against: training images, held-out images, and what the network reads in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from digitforge import files
from digitforge.errors import DataError
from trainer.data.datasets import Source
from trainer.data.places import cache_folder
from trainer.scoring.features import FeatureNetwork
from trainer.seeding import stream


@dataclass(frozen=True)
class ImageSet:
    """Images with what a feature network reads in them."""

    pixels: Tensor
    """uint8 [n, channels, size, size]."""
    labels: Tensor
    """int64 [n]: their classes, or what was asked for; -1 where there is none."""
    probabilities: Tensor
    """float32 [n, classes]; no columns where the network has no opinion."""
    features: Tensor
    """float32 [n, features]."""

    @cached_property
    def read(self) -> Tensor:
        """The class that the network reads in each image, int64 [n]."""
        return self.probabilities.argmax(dim=1)

    def part(self, rows: Tensor) -> ImageSet:
        """The images with these numbers."""
        return ImageSet(self.pixels[rows], self.labels[rows], self.probabilities[rows], self.features[rows])

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class Real:
    """Both halves of the real data. Where a data set has no test images, the held-out half was trained on, too."""

    training: ImageSet
    held_out: ImageSet
    sha256: str
    held_out_is_unseen: bool

    def asked(self, count: int, seed: int) -> Tensor:
        """Labels int64 [count] to ask a conditional generator for: those of training images drawn at random.

        With all classes equally often, real images themselves would be farther from the held-out ones than their floor.
        Raises DataError where there are not so many, as there would be no floor either.
        """
        if count > len(self.training):
            raise DataError(
                f"The floor of {count:,} images needs as many training images, but there are {len(self.training):,}."
            )
        order = torch.randperm(len(self.training), generator=stream(torch.device("cpu"), seed, "asked"))
        return self.training.labels[order[:count]]


def read_images(pixels: Tensor, labels: Tensor, network: FeatureNetwork) -> ImageSet:
    """pixels: uint8 [n, channels, size, size]; labels: int64 [n]."""
    return ImageSet(pixels, labels, *network.read(pixels))


def load_real(training: Source, test: Source, network: FeatureNetwork) -> Real:
    """Read all real images once; the readings are kept in the user's cache folder by hash of data and network."""
    unseen = test.sha256 != training.sha256
    sets = []
    for source in (training, test) if unseen else (training,):
        pixels, labels = torch.from_numpy(source.images[:].copy()), torch.from_numpy(source.labels)
        readings = cached_tensors(
            f"{source.sha256}-{network.sha256}-{network.name}-{code_hash()}",
            lambda pixels=pixels: dict(zip(("probabilities", "features"), network.read(pixels), strict=True)),  # type: ignore[misc]
        )
        sets.append(ImageSet(pixels, labels, readings["probabilities"], readings["features"]))
    if not unseen:
        order = torch.randperm(len(sets[0]), generator=stream(torch.device("cpu"), 0, "held out"))
        half = len(order) // 2
        sets = [sets[0].part(order[half:].sort().values), sets[0].part(order[:half].sort().values)]
    if len(sets[1]) < 100:
        raise DataError(f"{training.dataset} has {len(sets[1])} images to compare with; scores need 100 or more.")
    return Real(sets[0], sets[1], hashlib.sha256((training.sha256 + test.sha256).encode()).hexdigest(), unseen)


def cached_tensors(key: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """What `make` gives, from the cache folder where it has been made before."""
    path = _place(key, ".safetensors")
    try:
        return load_file(path)
    except (OSError, SafetensorError):
        made = make()
        with files.atomic_file(path) as temporary:
            temporary.write_bytes(save(made))
        return made


def cached_figures(key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The same for JSON values."""
    path = _place(key, ".json")
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        made = make()
        files.write_json(path, made)
        return made


def code_hash() -> str:
    """Of what computes readings and figures: older ones must not stand beside those of newer code."""
    here = Path(__file__).parent
    content = b"".join(
        path.read_bytes() for path in (*sorted(here.glob("*.py")), here.parent / "networks" / "judge.py")
    )
    return hashlib.sha256(content).hexdigest()


def _place(key: str, suffix: str) -> Path:
    return cache_folder() / "scores" / (hashlib.sha256(key.encode()).hexdigest()[:32] + suffix)
