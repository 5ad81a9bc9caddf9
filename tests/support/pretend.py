"""A trainer that only pretends, and a search with it.

Its Fréchet distance is the width plus the seed. beta1 chooses whether it fails, diverges or is slow. Where the variable
PRETEND_HASTE is set, a process counts as gone after three seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

POLL_S, SLOW_S = 0.1, 0.4
"""How often the search looks at its trial, and how long a slow trial takes for ten images."""

HASTE = {"HEARTBEAT_S": 1, "GRACE_S": 3, "UNPLACED_S": 3, "POLL_S": 0.2}


def train(arguments: list[str]) -> int:
    """Write a log like the trainer's, with a better score every ten images; wide networks are slow."""
    flags = dict(each.removeprefix("--").split("=", 1) for each in arguments)
    run_dir, budget, beta1 = Path(flags["run-dir"]), int(flags["images"]), float(flags.get("beta1", 0))
    if beta1 == 0.1 or (run_dir.parent / "no-data").is_file():
        print("error: There is no such data set.", file=sys.stderr)
        return 2
    run_dir.mkdir(exist_ok=True)
    (run_dir / "config.json").write_text("{}")
    log = run_dir / "log.jsonl"
    done = len(log.read_text().splitlines()) if log.is_file() else 0
    with (run_dir / "sessions").open("a") as sessions:
        sessions.write(f"{done}\n")
    for images in range(10 * done + 10, budget + 1, 10):
        if beta1 == 0.2 and images == 20:
            print("error: training has diverged.", file=sys.stderr)
            return 2
        time.sleep(SLOW_S if beta1 == 0.3 or float(flags["g-width"]) > 90 else 0)
        score = (float(flags["g-width"]) + int(flags["seed"])) * budget / images
        with log.open("a") as file:
            file.write(json.dumps({"images": images, "seconds": images / 10, "frechet_distance": score}) + "\n")
    return 0


def search(arguments: list[str]) -> int:
    """Run the search with trials that only pretend to train."""
    from trainer.search import run_search, storage, trial
    from trainer.search.__main__ import main

    def pretend(*of: object) -> list[str]:
        real = trial.trial_command(*of)  # type: ignore[arg-type]
        return [sys.executable, __file__, *real[next(i for i, each in enumerate(real) if "train.py" in each) + 1 :]]

    with ExitStack() as patches:
        patches.enter_context(patch.object(run_search, "trial_command", pretend))
        patches.enter_context(patch.object(trial, "POLL_S", POLL_S))
        if os.environ.get("PRETEND_HASTE"):
            for name, seconds in HASTE.items():
                patches.enter_context(patch.object(storage, name, seconds))
        return main(arguments)


if __name__ == "__main__":
    sys.exit(train(sys.argv[1:]))
