"""Find the run that a command uses when none is named."""

from __future__ import annotations

from pathlib import Path

from digitforge.errors import DigitforgeError

RUNS = Path("runs")
"""Where training puts its runs, below the current folder."""


def newest_run(marker: str, then: str = "") -> Path:
    """Return the newest run below `runs/` that holds the file `marker`, by the modification time of that file.

    then: the command that writes `marker` after training, where training itself does not.
    Raises DigitforgeError if there is none; its message says how to make one.
    """
    found = [path for path in RUNS.rglob(marker) if path.is_file()]
    if not found:
        steps = "`accelerate launch trainer/train.py`" + (f", then `{then}`" if then else "")
        raise DigitforgeError(f"No run below {RUNS.absolute()} has a {marker}; name a run, or make one with {steps}.")
    return max(found, key=lambda path: path.stat().st_mtime).parent
