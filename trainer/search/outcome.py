"""The outcome of a search: the winner over several seeds, as a row of the presets and as a command."""

from __future__ import annotations

import json
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.command_line import flag, text
from trainer.config import TrainConfig
from trainer.presets import PRESETS
from trainer.search.space import FIELDS, Space
from trainer.search.trial import TrialEnd

WIDTH = 120
"""Longest line of a preset's row."""


@dataclass(frozen=True)
class Candidate:
    """Settings that were trained with several seeds."""

    trial: int
    values: dict[str, Any]
    ends: tuple[TrialEnd, ...]
    """The ends of the trial and of its repeats."""

    @property
    def scores(self) -> list[float]:
        """The scores of the launches that did not fail; the first is that of the trial."""
        return [end.progress.score for end in self.ends if not end.failure and end.progress.score is not None]

    @property
    def mean(self) -> float:
        """Mean score over the seeds."""
        return statistics.fmean(self.scores)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the score over the seeds; None for a single one."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """The candidate as JSON values."""
        return {
            "trial": self.trial,
            "values": self.values,
            "scores": self.scores,
            "mean": self.mean,
            "spread": self.spread,
            "images": [end.progress.images for end in self.ends],
            "failed": [end.failure for end in self.ends if end.failure],
        }


def settings(space: Space, values: Mapping[str, Any], images: int) -> dict[str, Any]:
    """Return the settings of a preset that trains `values` as the search did, without defaults.

    images: the length of the run.
    """
    chosen = {name: value for name, value in {**space.fixed, **values}.items() if not FIELDS[name].metadata["progress"]}
    whole = {**PRESETS[space.preset].settings, **chosen, "images": images}
    return {
        name: value
        for name, value in whole.items()
        if name in PRESETS[space.preset].settings or value != getattr(TrainConfig, name)
    }


def preset_row(name: str, space: Space, winner: Candidate) -> str:
    """Return a row for trainer/presets.py."""
    images = winner.ends[0].progress.images
    spread = "" if winner.spread is None else f" ± {winner.spread:.2g}"
    seeds = f"{len(winner.scores)} seed{'s' if len(winner.scores) > 1 else ''}"
    source = (
        f"trial {winner.trial} of {space.trials} ({space.sampler}) around {space.preset}: {space.objective} "
        f"{winner.mean:.4g}{spread} over {seeds}"
    )
    items = [f"{key}={_literal(value)}" for key, value in settings(space, winner.values, images).items()]
    lines = [
        f"    {_literal(name)}: Preset(",
        f"        networks={_literal(PRESETS[space.preset].networks)},",
        f"        length={_literal(f'{images:,} images')},",
        f"        source={_literal(source)},",
        f"        choices={_literal(', '.join(f'{key} {value}' for key, value in winner.values.items()))},",
        "        settings=dict(",
        *_filled(items, " " * 12),
        "        )),",
    ]
    return "\n".join(lines) + "\n"


def winner_command(name: str, space: Space, winner: Candidate, data_dir: Path | None = None) -> str:
    """Return the command that trains the winner again, in the run directory runs/`name`."""
    values = {"preset": space.preset, **space.fixed, **winner.values, "seed": space.seed}
    values |= {"images": winner.ends[0].progress.images, "run_dir": f"runs/{name}"}
    values |= {"data_dir": data_dir.resolve()} if data_dir else {}
    flags = [f"{flag(setting)} {shlex.quote(text(value))}" for setting, value in values.items()]
    return " ".join(["accelerate launch --quiet --config_file accelerate_config.yaml trainer/train.py", *flags])


def _literal(value: Any) -> str:
    """Return a value as Python, in the style of the presets."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _filled(items: Sequence[str], indent: str) -> list[str]:
    """Return the items, each with a comma, in lines of at most WIDTH characters."""
    lines = [indent]
    for item in items:
        longer = f"{lines[-1]}{item}, "
        if len(longer.rstrip()) > WIDTH and lines[-1] != indent:
            lines.append(f"{indent}{item}, ")
        else:
            lines[-1] = longer
    return [line.rstrip() for line in lines]
