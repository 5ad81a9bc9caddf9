"""The run directory: whose it is, and whether this run may continue in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from digitforge import files
from digitforge.errors import ConfigError, RunError
from trainer.config import ImageFormat, TrainConfig

CONFIG_FILE = "config.json"
SCORES_FILE = "scores.json"
"""Where `python -m trainer.score` has scored the run."""


@dataclass(frozen=True)
class RunRecord:
    """What config.json holds: all that decides what a run trains."""

    config: TrainConfig
    images: ImageFormat
    data_sha256: str
    fell_back: bool
    """Whether the data are the embedded digits because MNIST was out of reach."""
    licence: str = ""
    """Who made the training images and under which licence; empty if it is not known."""

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "config": self.config.to_json(),
            "images": self.images.to_json(),
            "data_sha256": self.data_sha256,
            "fell_back": self.fell_back,
            "licence": self.licence,
        }

    @classmethod
    def read(cls, run_dir: Path) -> RunRecord | None:
        """The record of the run in `run_dir`; None where there is none. Raises RunError where it is damaged."""
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
            )
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}): choose another --run-dir.") from None


def enter(run_dir: Path, record: RunRecord, resume: str) -> None:
    """Check that the run may start or continue in `run_dir`; nothing is written.

    resume: "auto" continues a run that is there, "never" refuses one, "must" asks for one.
    Raises RunError where that does not hold, or the run that is there has another configuration.
    """
    if run_dir.exists() and not run_dir.is_dir():
        raise RunError(f"{run_dir} is a file: choose another --run-dir.")
    existing = RunRecord.read(run_dir)
    if resume == "must" and not any((run_dir / "checkpoints").glob("[0-9]*")):
        raise RunError(f"{run_dir} holds no run to resume: leave out --resume must to start one.")
    if existing is None:
        if run_dir.is_dir() and any(not path.name.startswith(".") for path in run_dir.iterdir()):
            raise RunError(f"{run_dir} is not empty and holds no run of digitforge: choose another --run-dir.")
        return
    if resume == "never":
        raise RunError(f"{run_dir} already holds a run: choose another --run-dir, or continue it with --resume auto.")
    differences = record.config.differences(existing.config)
    if not differences and record.data_sha256 != existing.data_sha256:
        differences = ["the training images themselves"]
    if differences:
        raise RunError(
            f"{run_dir} holds a run with another configuration ({'; '.join(differences)}): "
            "use its settings, or choose another --run-dir."
        )


def open_run(run_dir: Path, record: RunRecord) -> None:
    """Create the run directory, or clear it of what killed writers left, and write its config.json."""
    run_dir.mkdir(parents=True, exist_ok=True)
    _sweep(run_dir)
    files.write_json(run_dir / CONFIG_FILE, record.to_json())


def _sweep(run_dir: Path) -> None:
    """Remove the temporary files whose writers were killed."""
    for path in run_dir.rglob(".*"):
        writer = re.fullmatch(r"\..+\.(\d+)\.\w+", path.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            path.unlink(missing_ok=True)
