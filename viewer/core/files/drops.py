"""What to do with what is dropped on the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from viewer.core.files.formats import SUFFIXES


@dataclass(frozen=True)
class Drop:
    """One thing to do."""

    does: str
    """"open" a generator, "restore" what a picture shows, or "refuse"."""
    path: Path = Path()
    reason: str = ""
    """Why it is refused, in one sentence."""


def drop_of(paths: Sequence[Path], is_folder: bool = False) -> Drop:
    """What is meant by files that were dropped together. is_folder: whether the first one is."""
    if len(paths) != 1:
        return Drop("refuse", reason="Drop one thing at a time: a generator, a run directory or an exported picture.")
    path = paths[0]
    if is_folder or path.suffix.lower() == ".onnx":
        return Drop("open", path)
    if path.suffix.lower() in SUFFIXES:
        return Drop("restore", path)
    return Drop(
        "refuse",
        reason=f"{path.name} is nothing that can be opened here: drop an .onnx file, a run directory, or a picture "
        f"that was exported here ({', '.join(SUFFIXES)}).",
    )
