"""Tables for the terminal: of one score, and of several beside their floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from trainer.report.comparison import ComparedRun, best, brief, floor, metrics_of
from trainer.report.formats import format_floor, format_number
from trainer.scoring.metrics import Metric, shown_metrics
from trainer.scoring.scores import Score

ANY_WIDTH = 1_000
"""Columns of output that is not a terminal: wide enough for any table, so that nothing is wrapped or cut."""

Item = TypeVar("Item")


def table_console(stderr: bool = False) -> Console:
    """Return a console that leaves tables whole where its output is a pipe or a file."""
    console = Console(stderr=stderr, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, soft_wrap=True, width=ANY_WIDTH)


def plain_table(*columns: str, title: str = "") -> Table:
    """Return an empty table in the style of all tables here; no cell is wrapped."""
    table = Table(*columns, title=escape(title) or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    return table


def wrap_words(column: Column) -> None:
    """Let a filled column wrap, but only between words."""
    column.no_wrap = False
    column.min_width = max(len(word) for cell in (column.header, *column.cells) for word in str(cell).split())


def widths(table: Table, console: Console) -> Measurement:
    """Return how many columns of the terminal the table needs at least, and how many if nothing is wrapped."""
    return Measurement.get(console, console.options.update(width=ANY_WIDTH), table)


def print_whole(table: Table, console: Console) -> None:
    """Print a table with nothing wrapped or cut, even if it is wider than the terminal."""
    table.width = widths(table, console).maximum
    console.print(table, crop=False)


def show_score(score: Score, console: Console) -> None:
    """Print a score: each metric that applies, beside its floor."""
    facts = score.facts
    table = plain_table("metric", "generated", "floor", title=f"{facts.scored}: {brief(facts.count)} images")
    for metric in shown_metrics():
        value = score.metrics[metric.key]
        if value is not None:
            mean, spread = score.floor_of(metric.key)
            table.add_row(metric.name, format_number(value), format_floor(mean, spread))
    if score.classes.modes_covered is not None:
        table.add_row("Modes covered", f"{score.classes.modes_covered} of {score.classes.modes}", "")
    print_whole(table, console)
    if score.memorisation and score.memorisation.problem:
        console.print(score.memorisation.problem, markup=False, highlight=False)
    elif score.memorisation is None:
        console.print(
            "Copies were not looked for: that needs test images, and all images that the generator was trained on."
        )
    else:
        console.print("It copies training images." if score.memorisation.memorises else "No sign of memorisation.")
    console.print(
        f"The floor is the metric of as many real training images.\nCompared with: {facts.dataset}\n"
        f"Features: {features(score)}",
        markup=False, highlight=False,
    )  # fmt: skip


def show_comparison(runs: Sequence[ComparedRun], console: Console) -> None:
    """Print the table of several runs, in parts where the terminal is too narrow for all metrics."""
    best_is_bold = "; the best value of a metric is bold" if console.is_terminal else ""
    console.print(f"{brief(runs[0].score.facts.count)} images each{best_is_bold}", highlight=False)
    rest = metrics_of(runs)
    while rest:
        count = _fitting(rest, lambda metrics: comparison_table(runs, metrics), console)
        print_whole(comparison_table(runs, rest[:count]), console)
        rest = rest[count:]
    console.print(f"Features: {features(runs[0].score)}", markup=False, highlight=False)


def comparison_table(runs: Sequence[ComparedRun], metrics: Sequence[Metric]) -> Table:
    """Return a table with a row for the floor and one for each run, and a column for each metric."""
    table = plain_table("", *(metric.short_name for metric in metrics))
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row(
        "real images (floor)", *(format_number(floor(runs, metric.key)[0]) for metric in metrics), style="dim"
    )
    winners = {metric.key: best(runs, metric) for metric in metrics}
    for run in runs:
        cells = (
            Text(format_number(run.score.metrics[metric.key]), "bold" if run.name in winners[metric.key] else "")
            for metric in metrics
        )
        table.add_row(Text(run.name), *cells)
    return table


def features(score: Score) -> str:
    """Return the feature network of a score, the start of its hash, and how often it is right if that is known."""
    right = score.facts.features_accuracy
    accuracy = "" if right is None else f", accuracy {right:.1%}"
    return f"{score.facts.features} ({(score.facts.features_sha256 or '')[:12]}{accuracy})"


def _fitting(columns: Sequence[Item], make: Callable[[Sequence[Item]], Table], console: Console) -> int:
    """How many of the first columns fit into the terminal; at least one."""
    count = len(columns)
    while count > 1 and widths(make(columns[:count]), console).maximum > console.width:
        count -= 1
    return count
