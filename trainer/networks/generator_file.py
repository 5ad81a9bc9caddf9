"""`generator.safetensors`: averaged weights with their own description in the file's metadata.

It is all that export and scoring need of a run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from digitforge import files
from digitforge.errors import TrainerError, WeightsError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks import build_generator

GENERATOR_WEIGHTS = "generator.safetensors"
METADATA_KEY = "digitforge"


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator in evaluation mode, and what it was trained as."""

    module: nn.Module
    config: TrainConfig
    images: ImageFormat
    images_seen: int


def save_generator(path: Path, trained: TrainedGenerator) -> None:
    """Write the weights with their description, atomically."""
    about = {
        "config": trained.config.to_json(),
        "images": trained.images.to_json(),
        "images_seen": trained.images_seen,
    }
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in trained.module.state_dict().items()}
    with files.atomic_file(path) as temporary:
        # One key, because safetensors writes several in an order that changes; bytes, because writing them ourselves
        # tells a full disk from other trouble.
        temporary.write_bytes(save(tensors, {METADATA_KEY: json.dumps(about)}))


def load_generator(path: Path) -> TrainedGenerator:
    """Build the generator that a file describes and give it the file's weights.

    Raises WeightsError where the file is missing or damaged.
    """
    if not path.is_file():
        raise WeightsError(f"{path.parent} has no trained generator yet: train it first (there is no {path.name}).")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[METADATA_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        config = TrainConfig.from_json(about["config"])
        images = ImageFormat.from_json(about["images"])
        module = build_generator(config, images)
        module.load_state_dict(tensors)
        images_seen = int(about["images_seen"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError, TrainerError) as error:
        raise WeightsError(f"{path} is damaged or not a digitforge generator: train it again.") from error
    return TrainedGenerator(module.eval(), config, images, images_seen)
