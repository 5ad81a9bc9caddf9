"""Compare scores: `python -m trainer.compare RUN RUN ... [--out compare.html] [--json FILE]`.

A RUN is a run directory with a scores.json, or a file written by `python -m trainer.score --json`. The scores are put
into one table, in the terminal and on a page. Scores that do not compare are refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitforge import files
from digitforge.errors import exit_status
from digitforge.files import user_path
from trainer.report.comparison import ComparedRun, best, floor, metrics_of, open_runs
from trainer.report.dots import dots
from trainer.report.pages import write_page
from trainer.report.tables import show_comparison, table_console

FORMAT = 1
"""Version of the JSON file."""


def to_json(runs: Sequence[ComparedRun]) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    metrics, first = metrics_of(runs), runs[0].score.facts
    return {
        "format": FORMAT,
        **{key: getattr(first, key) for key in ("count", "features", "features_sha256", "dataset", "data_sha256")},
        "floor": {metric.key: floor(runs, metric.key)[0] for metric in metrics},
        "spread": {metric.key: floor(runs, metric.key)[1] for metric in metrics},
        "best": {metric.key: best(runs, metric) for metric in metrics},
        "runs": [
            {"name": run.name, "path": run.public_path}
            | {
                key: getattr(run.score.facts, key)
                for key in ("preset", "file_sha256", "images_seen", "training_seconds")
            }
            | {metric.key: run.score.metrics[metric.key] for metric in metrics}
            for run in runs
        ],
    }


def write_comparison(path: Path, runs: Sequence[ComparedRun]) -> None:
    """Write the page."""
    metrics = metrics_of(runs)
    floors = {metric.key: floor(runs, metric.key) for metric in metrics}
    write_page(
        path, "comparison_page.html", runs=runs, metrics=metrics, facts=runs[0].score.facts, floors=floors,
        best={metric.key: best(runs, metric) for metric in metrics},
        panels=[dots(metric, [run.score.metrics[metric.key] for run in runs], *floors[metric.key])
                for metric in metrics],
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "runs",
        type=user_path,
        nargs="+",
        metavar="RUN",
        help="A run directory, or a file of python -m trainer.score --json.",
    )
    parser.add_argument("--out", type=user_path, default=Path("compare.html"), help="The page; default: %(default)s.")
    parser.add_argument("--json", type=user_path, help="Also write the table to this file.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _compare(given))


def _compare(given: argparse.Namespace) -> None:
    runs = open_runs(given.runs)
    write_comparison(given.out, runs)
    if given.json:
        files.write_json(given.json, to_json(runs))
    show_comparison(runs, table_console())
    print(f"The page: {given.out}")


if __name__ == "__main__":
    sys.exit(main())
