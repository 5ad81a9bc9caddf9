"""Search settings: `python -m trainer.search SPACE.toml [--dir DIR] [--storage URL] [--data-dir DIR]`.

Every trial is a separate launch. The search can be stopped at any time; the same command continues it.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.live import Live

from digitforge import files
from digitforge.errors import ConfigError, RunError, exit_status
from digitforge.files import user_path
from trainer.report.tables import table_console
from trainer.search.space import read_space, refuse_another

SPACE_FILE = "space.toml"
"""A copy of SPACE.toml as it was when the search began."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.search", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("space", type=user_path, metavar="SPACE.toml", help="The space to search; see docs/search.md.")
    parser.add_argument("--dir", type=user_path, help="Folder of the search; default: runs/search-SPACE.")
    parser.add_argument(
        "--storage", help="An Optuna storage shared by several machines, as postgresql://HOST/NAME or journal:///FILE; "
        "default: search.db in the folder.",
    )  # fmt: skip
    parser.add_argument("--data-dir", type=user_path, help="Folder that holds the data set.")
    parser.add_argument(
        "--abandon-others",
        action="store_true",
        help="Record trials that run elsewhere as failed, because their machines are gone.",
    )
    given = parser.parse_args(arguments)
    console = table_console(stderr=True)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return exit_status(
            lambda: _search(given, console),
            interrupted="Stopped; the running trial is saved. To continue, give the same command again.",
        )
    finally:
        signal.signal(signal.SIGTERM, before)


def _search(given: argparse.Namespace, console: Console) -> None:
    space = read_space(given.space)
    if missing := [name for name in ("optuna", "matplotlib", "filelock") if not find_spec(name)]:
        raise ConfigError(f'A search needs {missing[0]}: pip install "digitforge[search]".')
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    from trainer.search.run_search import Search
    from trainer.search.storage import Trials, open_study, sqlite

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it warns of lost connections, which the storage repairs
    name = re.sub(r"\W+", "-", given.space.stem).strip("-") or "space"
    folder = given.dir or Path("runs") / f"search-{name}"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / SPACE_FILE).is_file():
        raise RunError(f"{folder} is not empty and is not a search: choose another --dir.")
    if (folder / SPACE_FILE).is_file():
        refuse_another(read_space(folder / SPACE_FILE).fixed_part(), space.fixed_part(), str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    study = open_study(space, name, given.storage or sqlite(folder / "search.db"))
    if not (folder / SPACE_FILE).is_file():
        files.write_text(folder / SPACE_FILE, given.space.read_text(encoding="utf-8"))
    trials = Trials(study, space, folder)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        try:
            if given.abandon_others:
                trials.abandon_others()
            Search(space, name, folder, study, trials, given.data_dir, console, live).run()
        except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(f"The storage failed ({reason}): to continue, give the same command again.") from error


if __name__ == "__main__":
    sys.exit(main())
