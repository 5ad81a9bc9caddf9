"""The trials, and the repeated winner, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import TrialState
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainer.report.formats import format_number
from trainer.report.tables import plain_table, widths, wrap_words
from trainer.scoring.metrics import METRICS
from trainer.search.outcome import Candidate
from trainer.search.space import Space
from trainer.search.trial import TrialProgress

STYLES = {"running": "cyan", "finished": "", "pruned": "dim", "failed": "red"}
NAMES = {
    TrialState.RUNNING: "running", TrialState.WAITING: "running", TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
}  # fmt: skip


@dataclass(frozen=True)
class TrialSummary:
    """One trial as it stands."""

    number: int
    values: dict[str, Any]
    """The searched settings; empty if the trial has just begun."""
    state: str
    progress: TrialProgress
    failure: str = ""

    def to_json(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {
            "trial": self.number,
            "values": self.values,
            "state": self.state,
            "score": self.progress.score,
            "images": self.progress.images,
            "seconds": self.progress.seconds,
            "sentence": self.failure,
        }


def summarise(frozen: optuna.trial.FrozenTrial) -> TrialSummary:
    """Return the summary of a trial of the study."""
    attrs, steps = frozen.user_attrs, frozen.intermediate_values
    score = frozen.value if frozen.value is not None else steps.get(max(steps, default=0))
    progress = TrialProgress(attrs.get("images", 0), attrs.get("seconds", 0.0), score, finished="images" in attrs)
    state = NAMES.get(frozen.state, "failed")
    return TrialSummary(frozen.number, attrs.get("values", {}), state, progress, attrs.get("sentence", ""))


def best_trial(trials: Sequence[TrialSummary], lower: bool) -> TrialSummary | None:
    """Return the finished trial with the best score, the earliest of equal ones. lower: whether lower is better."""
    finished = [each for each in trials if each.state == "finished" and each.progress.score is not None]
    sign = 1 if lower else -1
    return min(finished, key=lambda each: (sign * (each.progress.score or 0), each.number), default=None)


def trials_table(space: Space, trials: Sequence[TrialSummary], most: int, console: Console) -> Table:
    """Return the trials in order; if there are more than `most`, trial 0, the best one and the newest.

    Where the terminal is narrow, the columns "seconds" and "images" are left out.
    """
    winner = best_trial(trials, space.lower)
    newest = {each.number for each in trials[-max(most - 2, 1) :]}
    kept = [
        each for each in trials if len(trials) <= most or each.number in {0, winner and winner.number, *newest}
    ]  # fmt: skip
    columns: dict[str, Callable[[TrialSummary], str]] = {
        "trial": lambda each: str(each.number),
        "state": lambda each: each.state,
        METRICS[space.objective].short_name: lambda each: score_text(each.progress),
        "images": lambda each: f"{each.progress.images:,}",
        "seconds": lambda each: f"{each.progress.seconds:.0f}",
        "settings": lambda each: changes(space, each.values) + (f"  ({each.failure})" if each.failure else ""),
    }

    def table(names: Sequence[str]) -> Table:
        made = plain_table(*names)
        for column in made.columns[2:-1]:
            column.justify = "right"
        for each in kept:
            style = "bold green" if each is winner else STYLES[each.state]
            made.add_row(*(Text(columns[name](each), style) for name in names))
        wrap_words(made.columns[-1])
        if len(kept) < len(trials):
            made.caption = f"{len(trials) - len(kept)} more in results.json"
        return made

    names = list(columns)
    for name in ("seconds", "images"):
        if widths(table(names), console).minimum > console.width:
            names.remove(name)
    return table(names)


def score_text(progress: TrialProgress) -> str:
    """Return the newest score for a table; empty if there is none."""
    return "" if progress.score is None else format_number(progress.score)


def changes(space: Space, values: Mapping[str, Any]) -> str:
    """Return the settings that differ from the preset, as "g_lr 0.0003, g_width 64"; "preset" if none does."""
    preset = space.preset_values()
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != preset[name]) or "preset"


def outcome_table(space: Space, candidates: Sequence[Candidate]) -> Table:
    """Return the preset and the winner over several seeds."""
    table = plain_table("", "mean", "spread", f"{METRICS[space.objective].short_name} of each seed", "settings")
    for each in candidates:
        name = "preset" if each.trial == 0 else f"trial {each.trial}"
        spread = "" if each.spread is None else format_number(each.spread, 2)
        scores = "  ".join(format_number(score) for score in each.scores)
        table.add_row(*map(Text, (name, format_number(each.mean), spread, scores, changes(space, each.values))))
    for column in table.columns[3:]:
        wrap_words(column)
    return table
