"""Checkpoints, which are either complete or absent.

A checkpoint is a folder named by the images seen. It contains `state.safetensors` and `manifest.json`, which holds the
hash of the state. It is written under a temporary name and then renamed; only then are older ones removed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor, nn

from digitforge import files, hashing
from digitforge.errors import CannotWrite, explain

STATE_FILE = "state.safetensors"
MANIFEST_FILE = "manifest.json"
FORMAT = 2


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint."""

    images_seen: int
    tensors: dict[str, Tensor]
    """The tensors that `pack` returned."""
    facts: dict[str, Any]
    """JSON values that were saved with it."""


def pack(modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
    """Return all tensors that training continues from, by name."""
    tensors = {
        f"{name}/{key}": tensor for name, module in modules.items() for key, tensor in module.state_dict().items()
    }
    for name, optimizer in optimizers.items():
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {
                f"{name}/{index}/{key}": tensor for key, tensor in moments.items() if isinstance(tensor, Tensor)
            }
    return tensors


def unpack(
    tensors: Mapping[str, Tensor], modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]
) -> None:
    """Load the tensors that `pack` returned. Raises RuntimeError or LookupError if they are for other modules."""

    def under(name: str) -> dict[str, Tensor]:
        return {key.removeprefix(f"{name}/"): tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}

    for name, module in modules.items():
        module.load_state_dict(under(name))
    for name, optimizer in optimizers.items():
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in under(name).items():
            index, _, moment = key.partition("/")
            parameter = parameters[int(index)]
            if tensor.shape == parameter.shape:
                # Fused kernels ignore strides, so a moment needs the memory format of its parameter (channels last).
                tensor = torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
            state.setdefault(int(index), {})[moment] = tensor
        # Learning rates and betas come from the settings, not from the file.
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def save(folder: Path, images_seen: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], keep: int) -> Path:
    """Write a checkpoint in `folder`, then remove all but the newest `keep`. Returns its path. Raises CannotWrite.

    facts: JSON values to save with it.
    """
    final = folder / f"{images_seen:012d}"
    temporary = folder / f".{final.name}.partial"
    for partial in folder.glob(".*.partial"):  # left by a process that was killed
        shutil.rmtree(partial)
    temporary.mkdir(parents=True)
    try:
        state = temporary / STATE_FILE
        state.write_bytes(serialise({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}))
        files.flush(state)
        manifest = {"format": FORMAT, "images_seen": images_seen, "sha256": hashing.sha256(state), "facts": dict(facts)}
        files.write_json(temporary / MANIFEST_FILE, manifest)
        files.flush(temporary)
        shutil.rmtree(final, ignore_errors=True)
        files.rename(temporary, final)
        files.flush(folder)
    except OSError as error:
        raise CannotWrite(f"{final} could not be written: {explain(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for old in _finished(folder)[keep:]:
        shutil.rmtree(old, ignore_errors=True)  # a file system in a network may keep open files
    return final


def load_newest(folder: Path, known: Iterable[int] = ()) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest complete checkpoint, or None, and the names of newer ones that are damaged.

    known: numbers of images seen at which there may be one, whether or not the folder's listing has it. In a network,
    listings may be some seconds old.
    """
    damaged: list[str] = []
    listed = _finished(folder)
    above = int(listed[0].name) if listed else 0
    unlisted = [folder / f"{images:012d}" for images in sorted(set(known), reverse=True) if images > above]
    for path in [*(path for path in unlisted if path.is_dir()), *listed]:
        try:
            manifest = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
            complete = manifest["format"] == FORMAT and manifest["sha256"] == hashing.sha256(path / STATE_FILE)
            images_seen, facts = int(manifest["images_seen"]), dict(manifest["facts"])
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, KeyError, TypeError):
            complete = False  # any other OSError is the disk's fault, not the checkpoint's
        if complete:
            return Checkpoint(images_seen, load_file(path / STATE_FILE), facts), damaged
        damaged.append(path.name)
    return None, damaged


def newest(folder: Path) -> Path | None:
    """Return the path of the newest checkpoint in `folder`, damaged or not; None if there is none."""
    return next(iter(_finished(folder)), None)


def set_aside(folder: Path, names: list[str]) -> None:
    """Rename damaged checkpoints, so that `load_newest` and `save` ignore them."""
    for name in names:
        aside = folder / f"{name}.damaged"
        shutil.rmtree(aside, ignore_errors=True)  # from an earlier session
        files.rename(folder / name, aside)


def _finished(folder: Path) -> list[Path]:
    """Return the paths of the checkpoints in `folder`, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()), reverse=True)
