"""What a search found: the winner and the preset over several seeds, as figures, a preset's row and a command."""

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
from trainer.search.trial import End

WIDTH = 120


@dataclass(frozen=True)
class Candidate:
    """Settings that were trained with several seeds."""

    trial: int
    values: dict[str, Any]
    ends: tuple[End, ...]
    """The trial's own, then those of its repeats."""

    @property
    def scores(self) -> list[float]:
        """Of the launches that did not fail; the first is the trial's own."""
        return [end.reading.score for end in self.ends if not end.sentence and end.reading.score is not None]

    @property
    def mean(self) -> float:
        """Over seeds."""
        return statistics.fmean(self.scores)

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds; None of one."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """The candidate as JSON values."""
        return {
            "trial": self.trial,
            "values": self.values,
            "scores": self.scores,
            "mean": self.mean,
            "spread": self.spread,
            "images": [end.reading.images for end in self.ends],
            "failed": [end.sentence for end in self.ends if end.sentence],
        }


def settings(space: Space, values: Mapping[str, Any], images: int) -> dict[str, Any]:
    """The settings of a preset that trains `values` as the search did, defaults left out.

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
    """A row for trainer/presets.py."""
    images = winner.ends[0].reading.images
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


def command_line(name: str, space: Space, winner: Candidate, data_dir: Path | None = None) -> str:
    """The command that trains the winner again, in a run directory of that name."""
    values = {"preset": space.preset, **space.fixed, **winner.values, "seed": space.seed}
    values |= {"images": winner.ends[0].reading.images, "run_dir": f"runs/{name}"}
    values |= {"data_dir": data_dir.resolve()} if data_dir else {}
    flags = [f"{flag(setting)} {shlex.quote(text(value))}" for setting, value in values.items()]
    return " ".join(["accelerate launch --quiet --config_file accelerate_config.yaml trainer/train.py", *flags])


def _literal(value: Any) -> str:
    """As the presets are written."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _filled(items: Sequence[str], indent: str) -> list[str]:
    """The items in lines of at most WIDTH characters, a comma after each."""
    lines = [indent]
    for item in items:
        longer = f"{lines[-1]}{item}, "
        if len(longer.rstrip()) > WIDTH and lines[-1] != indent:
            lines.append(f"{indent}{item}, ")
        else:
            lines[-1] = longer
    return [line.rstrip() for line in lines]
