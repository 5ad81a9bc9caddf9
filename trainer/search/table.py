"""The trials as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import TrialState
from rich.table import Table
from rich.text import Text

from trainer.search.outcome import Candidate
from trainer.search.space import Space
from trainer.search.trial import Reading

STYLES = {"running": "cyan", "finished": "", "pruned": "dim", "failed": "red"}
NAMES = {TrialState.RUNNING: "running", TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned"}


@dataclass(frozen=True)
class Row:
    """One trial."""

    number: int
    values: dict[str, Any]
    """The searched settings; empty where the trial has just begun."""
    state: str
    reading: Reading
    sentence: str = ""

    def to_json(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {
            "trial": self.number,
            "values": self.values,
            "state": self.state,
            "score": self.reading.score,
            "images": self.reading.images,
            "seconds": self.reading.seconds,
            "sentence": self.sentence,
        }


def row(frozen: optuna.trial.FrozenTrial) -> Row:
    """Of what the study holds."""
    attrs, steps = frozen.user_attrs, frozen.intermediate_values
    score = frozen.value if frozen.value is not None else steps.get(max(steps, default=0))
    read = Reading(attrs.get("images", 0), attrs.get("seconds", 0.0), score, finished="images" in attrs)
    return Row(
        frozen.number, attrs.get("values", {}), NAMES.get(frozen.state, "failed"), read, attrs.get("sentence", "")
    )


def best(rows: Sequence[Row], lower: bool) -> Row | None:
    """The finished trial with the best score; the earliest of equals."""
    ended = [each for each in rows if each.state == "finished" and each.reading.score is not None]
    sign = 1 if lower else -1
    return min(ended, key=lambda each: (sign * (each.reading.score or 0), each.number), default=None)


def trials_table(space: Space, rows: Sequence[Row], most: int) -> Table:
    """The trials in order; where they are more than `most`, trial 0, the best one and the newest."""
    table = Table("trial", "differs from the preset", "state", "images", space.objective, "seconds")
    for column in table.columns[3:]:
        column.justify = "right"
    winner = best(rows, space.lower)
    newest = [each.number for each in rows[-max(most - 2, 1) :]]
    kept = [each for each in rows if len(rows) <= most or each.number in {0, winner and winner.number, *newest}]
    for each in kept:
        style = "bold green" if each is winner else STYLES[each.state]
        table.add_row(*(Text(cell, style) for cell in cells(space, each)))
    if len(kept) < len(rows):
        table.caption = f"{len(rows) - len(kept)} more are in results.json"
    return table


def cells(space: Space, each: Row) -> tuple[str, str, str, str, str, str]:
    """A trial's row as text."""
    read = each.reading
    return (
        str(each.number), differs(space, each.values) + (f"  ({each.sentence})" if each.sentence else ""), each.state,
        f"{read.images:,}", "" if read.score is None else f"{read.score:.4g}", f"{read.seconds:.0f}",
    )  # fmt: skip


def differs(space: Space, values: Mapping[str, Any]) -> str:
    """What is not as in the preset."""
    preset = space.preset_values()
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != preset[name]) or "-"


def outcome_table(space: Space, candidates: Sequence[Candidate]) -> Table:
    """The preset and the winner over seeds."""
    table = Table("", "differs from the preset", f"{space.objective}, each seed", "mean", "spread")
    for each in candidates:
        told = "preset" if each.trial == 0 else f"trial {each.trial}"
        spread = "" if each.spread is None else f"{each.spread:.2g}"
        scores = "  ".join(f"{score:.4g}" for score in each.scores)
        table.add_row(*map(Text, (told, differs(space, each.values), scores, f"{each.mean:.4g}", spread)))
    return table
