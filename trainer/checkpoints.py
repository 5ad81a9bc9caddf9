"""Checkpoints that are whole or absent, and the newest whole one.

A checkpoint is a folder named by the images seen, with `state.safetensors` and a `manifest.json` that holds the
hash of it. It is written under a temporary name and renamed; older ones are removed only afterwards.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
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
    """A whole checkpoint."""

    images_seen: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]
    """What else was known when it was written, as JSON values."""


def pack(modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
    """All tensors that training continues from, by name."""
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
    """Put the tensors that `pack` collected back in place."""

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
                # Fused kernels walk the memory: a moment has to lie there as its parameter does (channels last).
                tensor = torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
            state.setdefault(int(index), {})[moment] = tensor
        # Rates and betas come from the run's settings, not from the file.
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def save(folder: Path, images_seen: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], keep: int) -> Path:
    """Write a checkpoint below `folder`, then remove all but the newest `keep`. Returns its path.

    facts: JSON values to remember with it.
    """
    final = folder / f"{images_seen:012d}"
    temporary = folder / f".{final.name}.partial"
    for left in folder.glob(".*.partial"):  # by a writer that was killed
        shutil.rmtree(left)
    temporary.mkdir(parents=True)
    try:
        state = temporary / STATE_FILE
        state.write_bytes(serialise({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}))
        files.flush(state)
        manifest = {"format": FORMAT, "images_seen": images_seen, "sha256": hashing.sha256(state), "facts": dict(facts)}
        files.write_json(temporary / MANIFEST_FILE, manifest)
        files.flush(temporary)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        files.flush(folder)
    except OSError as error:
        raise CannotWrite(f"{final} could not be written: {explain(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for old in _finished(folder)[keep:]:
        shutil.rmtree(old)
    return final


def load_newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest whole checkpoint, None where there is none, and the names of damaged ones passed over."""
    damaged: list[str] = []
    for path in _finished(folder):
        try:
            manifest = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
            whole = manifest["format"] == FORMAT and manifest["sha256"] == hashing.sha256(path / STATE_FILE)
            images_seen, facts = int(manifest["images_seen"]), dict(manifest["facts"])
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, KeyError, TypeError):
            whole = False  # any other error of the disk says nothing of the checkpoint
        if whole:
            return Checkpoint(images_seen, load_file(path / STATE_FILE), facts), damaged
        damaged.append(path.name)
    return None, damaged


def set_aside(folder: Path, names: list[str]) -> None:
    """Rename damaged checkpoints, so that they no longer count among the newest."""
    for name in names:
        aside = folder / f"{name}.damaged"
        shutil.rmtree(aside, ignore_errors=True)  # of an earlier time
        (folder / name).rename(aside)


def _finished(folder: Path) -> list[Path]:
    """Checkpoints below `folder`, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()), reverse=True)
