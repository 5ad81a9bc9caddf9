"""Find the run that a command uses when none is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from digitforge.errors import DigitforgeError

RUNS = Path("runs")
"""Where training puts its runs, below the current folder."""


def newest_run(marker: str, then: str = "") -> Path:
    """Return the newest run below `runs/` that holds the file `marker`, by the modification time of that file.

    then: the command that writes `marker` after training, where training itself does not.
    Raises DigitforgeError if there is none; its message says how to make one.
    """
    found = [path for folder in _folders() if (path := folder / marker).is_file()]
    if not found:
        steps = "`accelerate launch trainer/train.py`" + (f", then `{then}`" if then else "")
        raise DigitforgeError(f"No run below {RUNS.absolute()} has a {marker}; name a run, or make one with {steps}.")
    return max(found, key=lambda path: path.stat().st_mtime).parent


def _folders() -> Iterator[Path]:
    """Yield all folders below `runs/`, each once. Links are followed: runs may lie on another disk."""
    seen = set()
    for folder, subfolders, _ in os.walk(RUNS, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            subfolders.clear()
        else:
            seen.add(place)
            yield Path(folder)
