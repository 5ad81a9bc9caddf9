"""The generators that a run exported while it trains, and the names of a run's files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from digitforge.bundled import BUNDLED_MODEL
from export.runtime.generator import GENERATOR_FILE, find_model

# The trainer's names, written again here because the viewer must not import the trainer.
EXPORTS = "exports"
LOG_FILE = "log.jsonl"
CONFIG_FILE = "config.json"
UNPACKED = f"{BUNDLED_MODEL.stem}.stages"
"""Name of the run directory that `packed_stages` unpacks the early stages of the bundled generator to."""


@dataclass(frozen=True)
class Stage:
    """One exported generator."""

    path: Path
    images: int | None
    """Images seen; None for the run's `generator.onnx`, whose name does not contain them."""
    stamp: tuple[int, int] = (0, 0)
    """Modification time in ns and size of the newest stage, so that a rewritten file is a different stage."""


def is_run(path: Path) -> bool:
    """Whether `path` is a run directory."""
    return any((path / name).exists() for name in (EXPORTS, LOG_FILE, CONFIG_FILE)) and path.is_dir()


def stages_of(run_dir: Path) -> tuple[Stage, ...]:
    """Return the exported stages, oldest first; without any, the run's `generator.onnx` if it exists."""
    try:
        with os.scandir(run_dir / EXPORTS) as entries:
            names = sorted(
                (int(stem), entry.path)
                for entry in entries
                if (stem := entry.name.removesuffix(".onnx")) != entry.name and stem.isdecimal()
            )
    except OSError:
        names = []
    found = [Stage(Path(path), images) for images, path in names] or [Stage(run_dir / GENERATOR_FILE, None)]
    try:
        about = found[-1].path.stat()
    except OSError:  # removed in the meantime
        return tuple(found[:-1])
    return (*found[:-1], Stage(found[-1].path, found[-1].images, (about.st_mtime_ns, about.st_size)))


def model_of(path: Path) -> Path:
    """Return the ONNX file to open for `path`: itself, or a run's newest stage. Raises ExportError if there is none."""
    stages = stages_of(path) if is_run(path) else ()
    return stages[-1].path if stages else find_model(path)


def run_of(path: Path) -> Path:
    """Return the run directory of an exported stage; other paths are returned unchanged."""
    return path.parent.parent if path.parent.name == EXPORTS and path.stem.isdecimal() else path


def is_bundled_stage(path: Path) -> bool:
    """Whether `path` is an unpacked early stage of the bundled generator."""
    return (run := run_of(path)) != path and run.name == UNPACKED


def is_bundled(path: Path) -> bool:
    """Whether `path` is the bundled generator or one of its unpacked early stages."""
    return path == BUNDLED_MODEL or is_bundled_stage(path)


def as_bundled(path: Path) -> Path:
    """Return BUNDLED_MODEL for any path that leads to it, and other paths unchanged."""
    return BUNDLED_MODEL if path.resolve() == BUNDLED_MODEL.resolve() else path


def origin_of(path: Path) -> Path:
    """Return what to open again later: a stage's run directory or, for its early stages, the bundled generator."""
    return BUNDLED_MODEL if is_bundled_stage(path) else run_of(path)


def name_of(path: Path) -> str:
    """Return the window's name for a generator file, with its folder: every run's files have the same names."""
    if (run := run_of(path)) != path:
        return f"{BUNDLED_MODEL.stem if is_bundled_stage(path) else run.name} · {int(path.stem):,} images"
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def shorter_names_of(path: Path) -> tuple[str, ...]:
    """Return names of a stage for where `name_of` does not fit, each shorter than the one before; none for others."""
    if run_of(path) == path:
        return ()
    return f"{int(path.stem):,} images", f"{int(path.stem):,}"


def file_name_of(path: Path) -> str:
    """Return the name of a generator file for recipes, without its folder."""
    return f"{BUNDLED_MODEL.name} after {int(path.stem):,} images" if is_bundled_stage(path) else path.name


def planned_images(run_dir: Path) -> int | None:
    """Return the length of the run in images from its config.json; None if it is unknown or limited in seconds."""
    try:
        config = json.loads((run_dir / CONFIG_FILE).read_text(encoding="utf-8"))["config"]
        planned, seconds = config["images"], config.get("seconds")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return planned if isinstance(planned, int) and not seconds else None


def to_open(stages: tuple[Stage, ...], shown: Stage | None, follow: bool) -> Stage | None:
    """Return the stage to open now: the newest if `follow` is set and it is not shown yet, else None."""
    return stages[-1] if stages and follow and stages[-1] != shown else None


def nearest(stages: tuple[Stage, ...], images: float) -> int:
    """Return the index of the stage nearest to `images`. Raises ValueError without stages."""
    return min(range(len(stages)), key=lambda place: abs((stages[place].images or 0) - images))
