"""The run directory: what config.json records, and whether a run may start or resume there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from digitforge import files
from digitforge.datasets import path_of
from digitforge.errors import ConfigError, RunError
from trainer.config import ImageFormat, TrainConfig

CONFIG_FILE = "config.json"
SCORES_FILE = "scores.json"
"""The metrics of the run, written by `python -m trainer.score`."""


@dataclass(frozen=True)
class RunRecord:
    """The content of config.json: everything that decides what a run trains."""

    config: TrainConfig
    image_format: ImageFormat
    data_sha256: str
    """Hash of the training images."""
    fell_back: bool
    """Whether the run trains on the digits of scikit-learn because MNIST was not available."""
    licence: str = ""
    """Who made the training images and under which licence; empty if it is not known."""
    origin: str = ""
    """The networks that the run began with (`--init-from`), with their hash; empty if they were random."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {
            "config": self.config.to_json(),
            "images": self.image_format.to_json(),
            "data_sha256": self.data_sha256,
            "fell_back": self.fell_back,
            "licence": self.licence,
            "origin": self.origin,
        }

    @classmethod
    def read(cls, run_dir: Path) -> RunRecord | None:
        """Read the record of the run in `run_dir`, None if there is no run. Raises RunError if it is damaged."""
        path = run_dir / CONFIG_FILE
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                TrainConfig.from_json(values["config"]),
                ImageFormat.from_json(values["images"]),
                str(values["data_sha256"]),
                bool(values["fell_back"]),
                str(values.get("licence", "")),
                str(values.get("origin", "")),
            )
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}): choose another --run-dir.") from None


def require_fit(run_dir: Path, record: RunRecord, resume: str) -> None:
    """Raise RunError if the run may not start or resume in `run_dir`. Nothing is written.

    resume: "auto" resumes an existing run, "never" refuses one, "must" requires one. An existing run must have the
    same settings and training images; a folder of these images may have been moved.
    """
    if not files.is_text(run_dir):
        raise RunError(f"The path {str(run_dir)!r} is not valid UTF-8: choose another --run-dir.")
    if run_dir.exists() and not run_dir.is_dir():
        raise RunError(f"{run_dir} is a file: choose another --run-dir.")
    existing = RunRecord.read(run_dir)
    if resume == "must" and not any((run_dir / "checkpoints").glob("[0-9]*")):
        raise RunError(f"{run_dir} holds no run to resume: leave out --resume must to start one.")
    if existing is None:
        if run_dir.is_dir() and any(not path.name.startswith(".") for path in run_dir.iterdir()):
            raise RunError(f"{run_dir} is not empty and holds no digitforge run: choose another --run-dir.")
        return
    if resume == "never":
        raise RunError(f"{run_dir} already holds a run: choose another --run-dir, or resume it with --resume auto.")
    config = record.config
    if record.data_sha256 == existing.data_sha256 and _is_own(config) and _is_own(existing.config):
        config = replace(config, dataset=existing.config.dataset)  # the folder was moved, or is written differently
    differences = config.differences(existing.config)
    if not differences and record.data_sha256 != existing.data_sha256:
        differences = [_other_images(record.image_format.classes, existing.image_format.classes)]
    if differences:
        raise RunError(
            f"{run_dir} holds a run with another configuration ({'; '.join(differences)}): "
            "use its settings, or choose another --run-dir."
        )


def _is_own(config: TrainConfig) -> bool:
    return bool(path_of(config.dataset))


def _other_images(classes: tuple[str, ...], existing: tuple[str, ...]) -> str:
    """Return how training images with another hash differ from the run's."""
    if classes != existing and sorted(classes) == sorted(existing):
        return f"the classes in another order: {', '.join(classes[:12])}, not {', '.join(existing[:12])}"
    return "other training images"


def create(run_dir: Path, record: RunRecord) -> None:
    """Create the run directory and write config.json; remove the temporary files of processes that were killed."""
    run_dir.mkdir(parents=True, exist_ok=True)
    _sweep(run_dir)
    files.write_json(run_dir / CONFIG_FILE, record.to_json())


def _sweep(run_dir: Path) -> None:
    """Remove temporary files whose process no longer exists."""
    for path in run_dir.rglob(".*"):
        writer = re.fullmatch(r"\..+\.(\d+)\.\w+", path.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            path.unlink(missing_ok=True)
