"""Experiment trackers, through Accelerate: `--tracker`."""

from __future__ import annotations

from pathlib import Path

from accelerate import Accelerator
from accelerate.tracking import filter_trackers, get_available_trackers

from digitforge.errors import ConfigError, RunError
from trainer.config import TrainConfig


def check(tracker: str) -> None:
    """Raise ConfigError if the tracker's package is not installed."""
    if tracker != "none" and tracker not in [str(name) for name in get_available_trackers()]:
        raise ConfigError(f"The package of the tracker {tracker!r} is not installed: pip install {tracker}.")


def start(accelerator: Accelerator, config: TrainConfig, run_dir: Path) -> None:
    """Start tracking the run. Trackers that write files do so in the run directory. Raises RunError if one fails."""
    if config.tracker == "none":
        return
    accelerator.project_configuration.set_directories(str(run_dir / "tracker"))
    accelerator.log_with = filter_trackers(config.tracker, accelerator.logging_dir)
    try:
        accelerator.init_trackers("digitforge", config=config.published())
    except Exception as error:  # a tracker's package may raise anything, as without a login or a server
        raise RunError(
            f"The tracker {config.tracker} did not start ({error}): set it up, or omit --tracker."
        ) from error
