"""Compare scores: `python -m trainer.compare RUN RUN ... [--out compare.html] [--json FILE]`.

A RUN is a run directory with a scores.json, or a file of `python -m trainer.score --json`. The figures go into one
table, in the terminal and on a page, only where they were taken alike.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from digitforge import files
from digitforge.errors import exit_status
from trainer.report.comparison import Row, best, brief, floor, open_rows, shown
from trainer.report.dots import dots
from trainer.report.pages import write_page
from trainer.scoring.metrics import Figure, tell

FORMAT = 1
"""Of the JSON file."""


def table(rows: Sequence[Row], figures: Sequence[Figure]) -> Table:
    """The table for a terminal."""
    first = rows[0].scores
    made = Table(
        "", *(figure.column for figure in figures), title=f"{brief(first.count('count'))} images each, best in bold",
        row_styles=["dim"] + [""] * len(rows),
    )  # fmt: skip
    for column in made.columns:
        column.no_wrap, column.justify = True, "right"
    made.columns[0].justify = "left"
    made.add_row("real images (floor)", *(tell(floor(rows, figure.key)) for figure in figures), end_section=True)
    winners = {figure.key: best(rows, figure) for figure in figures}
    for row in rows:
        cells = (
            Text(tell(row.scores.figure(figure.key)), "bold" if row.name in winners[figure.key] else "")
            for figure in figures
        )
        made.add_row(Text(row.name), *cells)
    return made


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table, with as many of the figures as the terminal is wide."""
    figures = shown(rows)
    fitting = list(figures)
    wide = console.options.update(width=10_000)
    while len(fitting) > 1 and Measurement.get(console, wide, table(rows, fitting)).maximum > console.width:
        fitting.pop()
    console.print(table(rows, fitting))
    if left := figures[len(fitting) :]:
        console.print(f"Too wide for this terminal, but on the page: {', '.join(each.name for each in left)}.")
    features = rows[0].scores
    console.print(f"features: {features.text('features')} ({features.text('features_sha256')[:12]})", markup=False)


def to_json(rows: Sequence[Row]) -> dict[str, Any]:
    """The table as JSON values."""
    figures, first = shown(rows), rows[0].scores.values
    return {
        "format": FORMAT,
        **{key: first.get(key) for key in ("count", "features", "features_sha256", "dataset", "data_sha256")},
        "floor": {each.key: floor(rows, each.key) for each in figures},
        "spread": {each.key: floor(rows, each.key, spread=True) for each in figures},
        "best": {each.key: best(rows, each) for each in figures},
        "runs": [
            {"name": row.name, "path": str(row.path)}
            | {key: row.scores.values.get(key) for key in ("preset", "file_sha256", "images_seen", "training_seconds")}
            | {each.key: row.scores.figure(each.key) for each in figures}
            for row in rows
        ],
    }


def write_comparison(path: Path, rows: Sequence[Row]) -> None:
    """Write the page."""
    figures = shown(rows)
    write_page(
        path, "comparison_page.html", rows=rows, figures=figures, first=rows[0].scores,
        floors={each.key: (floor(rows, each.key), floor(rows, each.key, spread=True)) for each in figures},
        best={each.key: best(rows, each) for each in figures},
        panels=[dots(each, [row.scores.figure(each.key) for row in rows], floor(rows, each.key),
                     floor(rows, each.key, spread=True)) for each in figures],
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="A run directory, or a .json of a score.")
    parser.add_argument("--out", type=Path, default=Path("compare.html"), help="The page; default: %(default)s.")
    parser.add_argument("--json", type=Path, help="Also write the table there.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _compare(given))


def _compare(given: argparse.Namespace) -> None:
    rows = open_rows(given.runs)
    write_comparison(given.out, rows)
    if given.json:
        files.write_json(given.json, to_json(rows))
    console = Console(soft_wrap=True)
    show(rows, console if console.is_terminal else Console(width=1_000, soft_wrap=True))
    print(f"The page: {given.out}")


if __name__ == "__main__":
    sys.exit(main())
