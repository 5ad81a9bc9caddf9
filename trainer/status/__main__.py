"""Show the state of runs: `python -m trainer.status [RUN|DIR ...] [--watch] [--json]`.

A table of all runs at and below the given folders: whether they train, how far they are, and how good they are.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from digitforge.errors import ConfigError, exit_status
from digitforge.files import user_path
from digitforge.newest_run import RUNS
from trainer.report.tables import table_console
from trainer.status.states import read_states
from trainer.status.table import status_report

FORMAT = 1
"""Version of the JSON."""
WATCH_S = 2.0
"""Seconds between two looks at the runs."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.status", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "paths", type=user_path, nargs="*", default=[RUNS], metavar="RUN|DIR",
        help=f"Run directories, or folders with some below them; default: {RUNS}.",
    )  # fmt: skip
    parser.add_argument("--watch", action="store_true", help=f"Look again every {WATCH_S:g} seconds, until Ctrl-C.")
    parser.add_argument("--json", action="store_true", help="Print the states as JSON.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _show(given))


def _show(given: argparse.Namespace) -> None:
    if given.json and given.watch:
        raise ConfigError("--watch shows tables: leave out --watch or --json.")
    if given.json:
        runs = [each.to_json() for each in read_states(given.paths)]
        print(json.dumps({"format": FORMAT, "runs": runs}, indent=2))
        return
    console = table_console()
    if given.watch:
        _watch(given.paths, console)
    else:
        console.print(status_report(read_states(given.paths), console), highlight=False, soft_wrap=False)


def _watch(paths: Sequence[Path], console: Console) -> None:
    """Show the states until Ctrl-C; in a pipe, print them again and again."""
    try:
        with Live(console=console, auto_refresh=False) as live:
            while True:
                states = read_states(paths)
                if console.is_terminal:
                    live.update(status_report(states, console, max(1, (console.height - 8) // 2)), refresh=True)
                else:
                    console.print(status_report(states, console), highlight=False)
                time.sleep(WATCH_S)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main())
