"""Generators whose figures may stand in one table, and which of them is best."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digitforge.errors import RunError
from trainer.report.pages import Picture, read_picture
from trainer.runs import SCORES_FILE
from trainer.scoring.metrics import FIGURES, Figure, Scores, read_scores

ALIKE = {
    "count": "the number of images",
    "features_sha256": "the feature network",
    "data_sha256": "the real images",
    "format": "the format of the scores",
}
"""What has to be the same of all that stand in one table."""


@dataclass(frozen=True)
class Row:
    """One generator in the table."""

    name: str
    path: Path
    scores: Scores
    sheet: Picture | None

    @property
    def scoring(self) -> str:
        """The command that scores it again."""
        if self.path.is_dir():
            return f"python -m trainer.score {shlex.quote(str(self.path))}"
        scored = shlex.quote(self.scores.text("scored") or "MODEL.onnx")
        return f"python -m trainer.score {scored} --json {shlex.quote(str(self.path))}"


def open_rows(paths: Sequence[Path]) -> list[Row]:
    """The scores below `paths`, each with a name of its own. Raises RunError where there are none, or two differ."""
    places = [path.parent if path.name == SCORES_FILE and (path.parent / "config.json").is_file() else path
              for path in paths]  # fmt: skip
    known = [place.resolve() for place in places]
    for place, resolved in zip(places, known, strict=True):
        if known.count(resolved) > 1:
            raise RunError(f"{place} is named twice: name each run once.")
    names = [resolved.name if resolved.is_dir() else resolved.stem for resolved in known]
    rows = [
        Row(name if names.count(name) == 1 else str(place), place, _scores(place), _sheet(place))
        for name, place in zip(names, places, strict=True)
    ]
    for other in rows[1:]:
        _require_alike(rows[0], other)
    return rows


def _scores(place: Path) -> Scores:
    if not place.exists():
        raise RunError(f"There is no {place}: name a run directory, or a file of python -m trainer.score --json.")
    command = f"python -m trainer.score {shlex.quote(str(place))}"
    if place.is_dir() and not (place / SCORES_FILE).is_file():
        raise RunError(f"{place} has not been scored yet: {command}")
    if not place.is_dir() and place.suffix != ".json":
        raise RunError(f"{place} holds no scores: {command} --json {shlex.quote(str(place.with_suffix('.json')))}")
    return read_scores(place / SCORES_FILE if place.is_dir() else place)


def _sheet(place: Path) -> Picture | None:
    """The newest samples of a run, or those of its score."""
    samples = [path for path in (place / "samples").glob("*.png") if path.stem.isdecimal()]
    newest = sorted(samples, key=lambda path: int(path.stem), reverse=True)
    candidates = [*newest[:3], place / "scores" / "generated.png"] if place.is_dir() else []
    return next((picture for path in candidates if (picture := read_picture(path, 2**23))), None)


def _require_alike(first: Row, other: Row) -> None:
    """Raises RunError where the figures of two generators do not compare."""
    differing = [
        key
        for key in ALIKE
        if None in (values := [row.scores.values.get(key) for row in (first, other)]) or values[0] != values[1]
    ]
    if not differing:
        return
    described = "; ".join(
        f"{ALIKE[key]} ({brief(first.scores.values.get(key))} and {brief(other.scores.values.get(key))})"
        for key in differing
    )
    command = other.scoring
    if "count" in differing and (count := first.scores.count("count")):
        command += f" --count {count}"
    if "data_sha256" in differing and (dataset := first.scores.text("dataset")):
        command += f" --dataset {shlex.quote(dataset)}"
    if "features_sha256" in differing:
        command += f" --features NETWORK (the one of {first.name}: {first.scores.text('features') or 'unknown'})"
    raise RunError(
        f"{first.name} and {other.name} do not compare, as these differ: {described}. Score again: {command}"
    )


def brief(value: object) -> str:
    """A count, or the begin of a hash, for a sentence."""
    return f"{value:,}" if type(value) is int else str(value)[:12] if value is not None else "not stated"


def shown(rows: Sequence[Row]) -> list[Figure]:
    """The figures that any of the rows has."""
    return [figure for figure in FIGURES if any(row.scores.figure(figure.key) is not None for row in rows)]


def floor(rows: Sequence[Row], key: str, spread: bool = False) -> float | None:
    """The floor of a figure, or its spread: equal for all rows, so the first that is stated."""
    stated = (row.scores.spread(key) if spread else row.scores.floor(key) for row in rows)
    return next((value for value in stated if value is not None), None)


def best(rows: Sequence[Row], figure: Figure) -> list[str]:
    """The names of the rows with the best value, to four digits as it is shown; none where all are equally good."""
    real, spread = floor(rows, figure.key), floor(rows, figure.key, spread=True)
    values = {row.name: value for row in rows if (value := row.scores.figure(figure.key)) is not None}
    ranks = {name: float(f"{figure.badness(value, real, spread):.4g}") for name, value in values.items()}
    winners = [name for name, rank in ranks.items() if rank == min(ranks.values())]
    return winners if len(winners) < len(ranks) else []
