"""`generator.safetensors`: the averaged weights, described in the file's metadata.

It is the only file of a run that export and scoring need.
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
    """A generator in evaluation mode, with the settings it was trained with."""

    module: nn.Module
    config: TrainConfig
    image_format: ImageFormat
    images_seen: int


def save_generator(path: Path, trained: TrainedGenerator) -> None:
    """Write the weights and their description, atomically. A folder of pictures is named without its path."""
    about = {
        "config": trained.config.published(),
        "images": trained.image_format.to_json(),
        "images_seen": trained.images_seen,
    }
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in trained.module.state_dict().items()}
    with files.atomic_file(path) as temporary:
        # One key, because safetensors writes several in varying order. Bytes, because safetensors' own error for a full
        # disk cannot be told from others.
        temporary.write_bytes(save(tensors, {METADATA_KEY: json.dumps(about)}))


def load_generator(path: Path) -> TrainedGenerator:
    """Build the generator that a file describes, and load its weights.

    Raises WeightsError if the file is missing or damaged.
    """
    if not path.is_file():
        raise WeightsError(f"{path.parent} has no trained generator yet: train it first (there is no {path.name}).")
    try:
        if files.is_lfs_pointer(path):
            raise WeightsError(
                f"{path} is a pointer of Git LFS, not the weights: run git lfs pull, or download the file itself."
            )
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[METADATA_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        config = TrainConfig.from_json(about["config"])
        image_format = ImageFormat.from_json(about["images"])
        module = build_generator(config, image_format)
        if {name: tensor.shape for name, tensor in module.state_dict().items()} != {
            name: tensor.shape for name, tensor in tensors.items()
        }:
            raise WeightsError(
                f"{path} holds other layers than the {config.network} family has for images of {image_format.size} "
                "pixels: it is damaged or of another version. Use that version, or train it again."
            )
        module.load_state_dict(tensors)
        images_seen = int(about["images_seen"])
    except WeightsError:
        raise
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError, TrainerError) as error:
        raise WeightsError(f"{path} is damaged or not a digitforge generator: train it again.") from error
    return TrainedGenerator(module.eval(), config, image_format, images_seen)
