"""Begin a run with the networks of another one: `--init-from` and `--freeze-d`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from digitforge import hashing
from digitforge.errors import ConfigError, RunError
from trainer import checkpoints, growing, runs
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.conditioning import Discriminator, Generator
from trainer.networks.depth import base_of
from trainer.networks.generator_file import GENERATOR_WEIGHTS, load_generator
from trainer.state import Networks


@dataclass(frozen=True)
class Origin:
    """The networks that a run begins with, and the images they were trained on."""

    name: str
    sha256: str
    """Hash of the file that holds the weights."""
    images_seen: int
    config: TrainConfig
    image_format: ImageFormat
    tensors: dict[str, dict[str, Tensor]]
    """Tensors by the name of a network, as `Networks.modules` has them, and by their own. Without a checkpoint, the
    discriminator is missing."""

    def describe(self) -> str:
        """Return what the run's record and exported files say about it."""
        return f"{self.name} after {self.images_seen:,} images, SHA-256 {self.sha256}"


def open_origin(config: TrainConfig) -> Origin:
    """Open `config.init_from`: a run directory, a checkpoint, or a generator.safetensors.

    Raises RunError or WeightsError if it cannot be read, and ConfigError if its networks are of another family.
    """
    path = Path(config.init_from)
    if path.is_file():
        origin = _open_generator(path)
    elif (path / checkpoints.MANIFEST_FILE).is_file():
        origin = _open_checkpoint(path, path.parents[1])
    elif newest := checkpoints.newest(path / "checkpoints"):
        origin = _open_checkpoint(newest, path)
    elif (path / GENERATOR_WEIGHTS).is_file():
        origin = _open_generator(path / GENERATOR_WEIGHTS)
    else:
        raise RunError(
            f"{path} holds no networks to begin with: name a run directory, one of its checkpoints, or a "
            f"{GENERATOR_WEIGHTS} with --init-from."
        )
    if origin.config.network != config.network:
        raise ConfigError(
            f"{path} holds networks of the {origin.config.network} family, not {config.network}: use --network "
            f"{origin.config.network}, or another --init-from."
        )
    return origin


def _open_generator(path: Path) -> Origin:
    trained = load_generator(path)
    state = dict(trained.module.state_dict())
    name = path.parent.resolve().name if path.name == GENERATOR_WEIGHTS else path.stem
    tensors = {"generator": state, "ema": state}
    return Origin(name, hashing.sha256(path), trained.images_seen, trained.config, trained.image_format, tensors)


def _open_checkpoint(path: Path, run_dir: Path) -> Origin:
    try:
        manifest = json.loads((path / checkpoints.MANIFEST_FILE).read_text(encoding="utf-8"))
        sha256 = hashing.sha256(path / checkpoints.STATE_FILE)
        if manifest["sha256"] != sha256:
            raise ValueError("wrong checksum")
        loaded = load_file(path / checkpoints.STATE_FILE)
        images_seen = int(manifest["images_seen"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RunError(f"The checkpoint {path} is damaged: name another one with --init-from.") from error
    record = runs.RunRecord.read(run_dir)
    if record is None:
        raise RunError(f"{run_dir} has no {runs.CONFIG_FILE}, which says what its checkpoints are: name a whole run.")
    tensors: dict[str, dict[str, Tensor]] = {"generator": {}, "discriminator": {}, "ema": {}}
    for key, tensor in loaded.items():
        network, _, name = key.partition("/")
        if network in tensors:
            tensors[network][name] = tensor
    return Origin(run_dir.resolve().name, sha256, images_seen, record.config, record.image_format, tensors)


def transfer(origin: Origin, networks: Networks, image_format: ImageFormat) -> str:
    """Copy what fits from `origin` into new networks. Returns a sentence about what is kept and what is new.

    Layers are kept if their names and shapes are the same. Rows of class embeddings and projections are kept by the
    name of the class; new classes have a random embedding, and the mean of the projections. Layers of another number of
    colours, or of another image size, are converted. Networks of lower depth grow; see `trainer.growing`.
    """
    said = []
    levels, grows = 0, False
    if origin.config.network in growing.FAMILIES:
        levels = growing.levels_between(origin.image_format, image_format)
        grows = growing.can_grow(origin.image_format, image_format)
    for name, module in networks.modules().items():
        if name not in origin.tensors:
            continue
        tensors: Mapping[str, Tensor] = origin.tensors[name]
        if levels and isinstance(module, Discriminator):
            tensors = growing.aligned(tensors, origin.config, origin.image_format, module)
        new = _transfer(origin, tensors, module, image_format)
        if grows and isinstance(module, Generator | Discriminator):
            grown = _grow(origin, tensors, module, levels, image_format.channels)
            new = [each for each in new if each not in grown]
        if name != "ema":
            said.append(f"the {name} {f'except {_listed(new)}' if new else 'whole'}")
    if "discriminator" not in origin.tensors:
        said.append("no discriminator, as this file has none")
    if origin.image_format.size != image_format.size:
        said.append(f"from {origin.image_format.size} to {image_format.size} pixels")
    known = [each for each in image_format.classes if each in origin.image_format.classes]
    classes = ""
    if known != list(image_format.classes):
        classes = f" {len(image_format.classes) - len(known):,} of {len(image_format.classes):,} classes are new."
    return f"Begins with {origin.name} after {origin.images_seen:,} images: {', '.join(said)}.{classes}"


def _listed(names: list[str]) -> str:
    most = 4
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


@torch.no_grad()
def _transfer(origin: Origin, tensors: Mapping[str, Tensor], module: nn.Module, image_format: ImageFormat) -> list[str]:
    """Copy what fits into one network. Returns the names of tensors that stay new."""
    new = []
    for name, mine in module.state_dict().items():
        theirs = tensors.get(name)
        if theirs is not None and name in ("embedding.weight", "projection.weight"):
            kept = _copy_classes(mine, theirs, name, origin.image_format.classes, image_format.classes)
        else:
            summed = isinstance(module, Discriminator)
            fitting = None if theirs is None else _fitted(theirs, mine.shape, origin, image_format.size, summed)
            kept = fitting is not None
            if fitting is not None:
                mine.copy_(fitting)
        if not kept:
            new.append(name)
    return new


def _grow(
    origin: Origin, tensors: Mapping[str, Tensor], module: Generator | Discriminator, levels: int, colours: int
) -> list[str]:
    """Grow one network by `levels`, to images of so many `colours`. Returns the names of the tensors that this sets."""
    name, shape = growing.image_layer(module, levels, colours)
    weight, bias = tensors.get(f"{name}.weight"), tensors.get(f"{name}.bias")
    if weight is None or bias is None:  # as with spectral norm
        return []
    of_discriminator = isinstance(module, Discriminator)
    if weight.shape != shape and (recoloured := _recoloured(weight, shape, of_discriminator)) is not None:
        weight = recoloured
        bias = bias if of_discriminator else bias.mean().expand(shape[1])
    if weight.shape != shape:
        return []
    device = next(module.parameters()).device
    return growing.grow(module, levels, weight.to(device), bias.to(device), origin.config.latent_distribution)


def _copy_classes(
    mine: Tensor, theirs: Tensor, name: str, their_classes: tuple[str, ...], my_classes: tuple[str, ...]
) -> bool:
    """Copy the rows of a class embedding, or the columns of a projection, by the names of the classes."""
    if name == "projection.weight":  # [features, classes]
        mine, theirs = mine.T, theirs.T
    if mine.shape[1] != theirs.shape[1]:
        return False
    if name == "projection.weight":
        mine.copy_(theirs.mean(dim=0).expand_as(mine))
    for label, each in enumerate(my_classes):
        if each in their_classes:
            mine[label] = theirs[their_classes.index(each)]
    return True


def _fitted(theirs: Tensor, shape: torch.Size, origin: Origin, size: int, summed: bool) -> Tensor | None:
    """Return weights in another shape; None if they do not fit. size: of the new images. summed: see `_recoloured`."""
    if theirs.shape == shape:
        return theirs
    if len(theirs.shape) != len(shape):
        return None
    if (recoloured := _recoloured(theirs, shape, summed)) is not None:
        return recoloured
    if origin.config.network in growing.FAMILIES:
        return _resized(theirs, shape, base_of(origin.image_format.size), base_of(size))
    return None


def _recoloured(theirs: Tensor, shape: torch.Size, summed: bool) -> Tensor | None:
    """Return the weights of a layer next to the image for 1 channel instead of 3, or the other way round.

    summed: whether the layer sums over the channels, as the discriminator's first one does; its weights are then
    divided among them. The generator's last one, whose weights have the same shape, makes each channel alike.
    """
    if {tuple(theirs.shape), tuple(shape)} == {(1,), (3,)}:
        return theirs.mean().expand(shape)
    around = (theirs.shape[0], *theirs.shape[2:]) == (shape[0], *shape[2:])
    if theirs.dim() == 4 and {theirs.shape[1], shape[1]} == {1, 3} and around:
        scale = theirs.shape[1] / shape[1] if summed else 1.0
        return (scale * theirs.mean(dim=1, keepdim=True)).expand(shape)
    return None


def _resized(theirs: Tensor, shape: torch.Size, their_size: int, my_size: int) -> Tensor | None:
    """Return the weights of the layer between vectors and maps [size, size, channels] for maps of another size.

    One of their axes has the length of the maps. It is interpolated; where it is summed over, which is along the last
    axis, the weights are scaled by the number of places.
    """
    axes = [axis for axis, length in enumerate(theirs.shape) if length != shape[axis]]
    if len(axes) != 1 or their_size == my_size:
        return None
    (axis,) = axes
    channels, rest = divmod(theirs.shape[axis], their_size**2)
    if rest or shape[axis] != channels * my_size**2:
        return None
    maps = theirs.movedim(axis, -1)
    others = maps.shape[:-1]
    maps = maps.reshape(-1, their_size, their_size, channels).permute(0, 3, 1, 2).float()
    resized = F.interpolate(maps, (my_size, my_size), mode="bilinear", align_corners=False)
    scale = (their_size / my_size) ** 2 if theirs.dim() == 2 and axis == 1 else 1.0
    return (scale * resized).permute(0, 2, 3, 1).reshape(*others, shape[axis]).movedim(-1, axis)
