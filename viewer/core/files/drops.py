"""What to do with files dropped on the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.inversion import pictures
from viewer.core.files.formats import SUFFIXES, is_picture

LATENTS = ".npz"
"""Ending of files of latents."""


@dataclass(frozen=True)
class Drop:
    """One action."""

    does: str
    """"open" a generator or a file of latents, "restore" the settings of a picture or draw it, or "refuse"."""
    path: Path = Path()
    reason: str = ""
    """Why it is refused, as a sentence."""


def drop_of(paths: Sequence[Path], is_folder: bool = False) -> Drop:
    """Return what to do with files that were dropped together. is_folder: whether the first one is a folder."""
    if len(paths) != 1:
        return Drop("refuse", reason="Drop one file at a time: a generator, a run directory or a picture.")
    path = paths[0]
    if is_folder or path.suffix.lower() in (".onnx", LATENTS):
        return Drop("open", path)
    if is_picture(path):
        return Drop("restore", path)
    return Drop(
        "refuse",
        reason=f"{path.name} cannot be opened: drop an .onnx file, a run directory, a file of latents (.npz), or a "
        f"picture ({', '.join(dict.fromkeys((*SUFFIXES, *pictures.SUFFIXES)))}).",
    )
