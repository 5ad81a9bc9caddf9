"""Search settings: `python -m trainer.search SPACE.toml [--dir DIR] [--storage URL] [--data-dir DIR]`.

Every trial is a launch of its own. Stop it at any time; the same command carries on.
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
from trainer.search.space import read_space, refuse_another

SPACE_FILE = "space.toml"
"""The space, as it was first searched."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.search", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("space", type=Path, metavar="SPACE.toml", help="What is searched; see docs/search.md.")
    parser.add_argument("--dir", type=Path, help="Folder of the search; default: runs/search-SPACE.")
    parser.add_argument(
        "--storage", help="An Optuna storage that machines share, as postgresql://HOST/NAME or journal:///FILE; "
        "default: search.db in the folder.",
    )  # fmt: skip
    parser.add_argument("--data-dir", type=Path, help="Folder with the data set, as the trainer has it.")
    parser.add_argument(
        "--abandon-others",
        action="store_true",
        help="Count as failed all that runs elsewhere: those machines are gone.",
    )
    given = parser.parse_args(arguments)
    console = Console(stderr=True, soft_wrap=True)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return exit_status(
            lambda: _search(given, console),
            interrupted="Stopped; what was training is saved. Give the same command again to carry on.",
        )
    finally:
        signal.signal(signal.SIGTERM, before)


def _search(given: argparse.Namespace, console: Console) -> None:
    space = read_space(given.space)
    if missing := [name for name in ("optuna", "matplotlib", "filelock") if not find_spec(name)]:
        raise ConfigError(f'A search needs {missing[0]}; `pip install "digitforge[search]"` brings it.')
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    from trainer.search.conduct import Search
    from trainer.search.storage import Trials, open_study

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    name = re.sub(r"\W+", "-", given.space.stem).strip("-") or "space"
    folder = given.dir or Path("runs") / f"search-{name}"
    if folder.is_dir() and any(folder.iterdir()) and not (folder / SPACE_FILE).is_file():
        raise RunError(f"{folder} is not empty and holds no search: choose another --dir.")
    if (folder / SPACE_FILE).is_file():
        refuse_another(read_space(folder / SPACE_FILE).settled(), space.settled(), str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    study = open_study(space, name, given.storage or f"sqlite:///{(folder / 'search.db').resolve()}")
    if not (folder / SPACE_FILE).is_file():
        files.write_text(folder / SPACE_FILE, given.space.read_text(encoding="utf-8"))
    trials = Trials(study, space, folder)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        try:
            if given.abandon_others:
                trials.abandon_others()
            Search(space, name, folder, study, trials, given.data_dir, console, live).conduct()
        except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(f"The storage failed ({reason}): give the same command again to carry on.") from error


if __name__ == "__main__":
    sys.exit(main())
