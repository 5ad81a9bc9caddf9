"""`generator.safetensors`: averaged weights with their own description in the file's metadata.

It is all that export and scoring need of a run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from trainer import files
from trainer.config import ImageFormat, TrainConfig
from trainer.errors import TrainerError
from trainer.networks import build_generator

GENERATOR_WEIGHTS = "generator.safetensors"


class WeightsError(TrainerError):
    """A generator's file is missing or damaged."""


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator in evaluation mode, and what it was trained as."""

    module: nn.Module
    config: TrainConfig
    images: ImageFormat
    images_seen: int


def save_generator(path: Path, trained: TrainedGenerator) -> None:
    """Write the weights with their description, atomically."""
    metadata = {
        "config": json.dumps(trained.config.to_json()),
        "images": json.dumps(trained.images.to_json()),
        "images_seen": str(trained.images_seen),
    }
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in trained.module.state_dict().items()}
    with files.atomic_file(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_generator(path: Path) -> TrainedGenerator:
    """Build the generator that a file describes and give it the file's weights.

    Raises WeightsError where the file is missing or damaged.
    """
    if not path.is_file():
        raise WeightsError(f"{path.parent} has no trained generator yet: train it first (there is no {path.name}).")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        config = TrainConfig.from_json(json.loads(metadata["config"]))
        images = ImageFormat.from_json(json.loads(metadata["images"]))
        module = build_generator(config, images)
        module.load_state_dict(tensors)
        images_seen = int(metadata["images_seen"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise WeightsError(f"{path} is damaged or not a digitforge generator: train it again.") from error
    return TrainedGenerator(module.eval(), config, images, images_seen)
