"""Runs whose scores can be compared, and which of them is best."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digitforge.datasets import path_of
from digitforge.errors import RunError
from trainer.report.pages import Picture, public_path, read_picture
from trainer.runs import SCORES_FILE
from trainer.scoring.metrics import Metric, shown_metrics
from trainer.scoring.scores import Score, read_score

ALIKE = {
    "count": "the number of images",
    "features_sha256": "the feature network",
    "data_sha256": "the real images",
    "format": "the format of the scores",
}
"""The facts that must be equal for scores to compare, and what to call them."""


@dataclass(frozen=True)
class ComparedRun:
    """A run, or a file, with its score."""

    name: str
    path: Path
    score: Score
    sheet: Picture | None
    """A grid of its samples."""

    @property
    def public_path(self) -> str:
        """The path as the page and the JSON file give it."""
        return public_path(self.path)

    @property
    def command(self) -> str:
        """The command that scores it again."""
        if self.path.is_dir():
            return f"python -m trainer.score {shlex.quote(str(self.path))}"
        scored = shlex.quote(self.score.facts.scored or "MODEL.onnx")
        return f"python -m trainer.score {scored} --json {shlex.quote(str(self.path))}"


def open_runs(paths: Sequence[Path]) -> list[ComparedRun]:
    """Read the scores of run directories and JSON files, each under a name of its own.

    Raises RunError if one has no score, is given twice, or does not compare with the first.
    """
    places = [path.parent if path.name == SCORES_FILE and (path.parent / "config.json").is_file() else path
              for path in paths]  # fmt: skip
    known = [place.resolve() for place in places]
    for place, resolved in zip(places, known, strict=True):
        if known.count(resolved) > 1:
            raise RunError(f"{place} is given twice: name each run once.")
    runs = [
        ComparedRun(name, place, _read(place), _sheet(place)) for name, place in zip(_names(known), places, strict=True)
    ]
    for other in runs[1:]:
        _require_alike(runs[0], other)
    return runs


def _names(known: list[Path]) -> list[str]:
    """Return the names of the runs and files; equal names with as many folders above them as tell them apart."""

    def name(path: Path) -> str:
        return path.name if path.is_dir() else path.stem

    def apart(path: Path) -> str:
        ends = [path.parts[-count:] for count in range(1, len(path.parts) + 1)]
        return "/".join(next(end for end in ends if sum(other.parts[-len(end) :] == end for other in known) == 1))

    names = [name(path) for path in known]
    return [one if names.count(one) == 1 else apart(path) for one, path in zip(names, known, strict=True)]


def _read(place: Path) -> Score:
    if not place.exists():
        raise RunError(f"{place} does not exist: name a run directory, or a file of python -m trainer.score --json.")
    command = f"python -m trainer.score {shlex.quote(str(place))}"
    if place.is_dir() and not (place / SCORES_FILE).is_file():
        raise RunError(f"{place} has not been scored yet: {command}")
    if not place.is_dir() and place.suffix != ".json":
        raise RunError(f"{place} is not a score: {command} --json {shlex.quote(str(place.with_suffix('.json')))}")
    return read_score(place / SCORES_FILE if place.is_dir() else place)


def _sheet(place: Path) -> Picture | None:
    """Return the newest sample grid of a run, or that of its score."""
    samples = [path for path in (place / "samples").glob("*.png") if path.stem.isdecimal()]
    newest = sorted(samples, key=lambda path: int(path.stem), reverse=True)
    candidates = [*newest[:3], place / "scores" / "generated.png"] if place.is_dir() else []
    return next((picture for path in candidates if (picture := read_picture(path, 2**23))), None)


def _require_alike(first: ComparedRun, other: ComparedRun) -> None:
    """Raise RunError if the scores of two runs do not compare."""
    facts, others = first.score.facts, other.score.facts
    values = {key: (getattr(facts, key), getattr(others, key)) for key in ALIKE}
    differing = {key: pair for key, pair in values.items() if None in pair or pair[0] != pair[1]}
    if not differing:
        return
    described = "; ".join(f"{ALIKE[key]} ({brief(one)} and {brief(two)})" for key, (one, two) in differing.items())
    command = other.command
    if "count" in differing and facts.count:
        command += f" --count {facts.count}"
    if "data_sha256" in differing and facts.dataset:
        own = path_of(facts.dataset)
        command += f" --dataset {f'{facts.dataset.removesuffix(own)}PATH' if own else shlex.quote(facts.dataset)}"
    if "features_sha256" in differing:
        command += f" --features NETWORK (that of {first.name}: {facts.features or 'unknown'})"
    raise RunError(
        f"{first.name} and {other.name} do not compare, as these differ: {described}. Score again: {command}"
    )


def brief(value: int | str | None) -> str:
    """Return a count, or the start of a hash, for a sentence."""
    return f"{value:,}" if isinstance(value, int) else value[:12] if value is not None else "not stated"


def metrics_of(runs: Sequence[ComparedRun]) -> list[Metric]:
    """Return the metrics that at least one of the runs has."""
    return [metric for metric in shown_metrics() if any(run.score.metrics[metric.key] is not None for run in runs)]


def floor(runs: Sequence[ComparedRun], key: str) -> tuple[float | None, float | None]:
    """Return mean and spread of a metric's floor. They are the same for all runs, so the first stated ones count."""
    stated = [run.score.floor_of(key) for run in runs]
    means, spreads = ([pair[place] for pair in stated if pair[place] is not None] for place in (0, 1))
    return next(iter(means), None), next(iter(spreads), None)


def best(runs: Sequence[ComparedRun], metric: Metric) -> list[str]:
    """Return the names of the runs with the best value, to four digits; none if all are equally good."""
    values = {run.name: value for run in runs if (value := run.score.metrics[metric.key]) is not None}
    ranks = {name: float(f"{metric.rank(value, *floor(runs, metric.key)):.4g}") for name, value in values.items()}
    winners = [name for name, rank in ranks.items() if rank == min(ranks.values())]
    return winners if len(winners) < len(ranks) else []
