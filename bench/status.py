"""Time `python -m trainer.status`: `python -m bench.status [--runs N] [--json FILE]`.

The runs are copies of the files of a long run: 2,000 lines of log with a score every 20th, two checkpoints. A tenth of
them is locked, as if it trained.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from trainer.presets import configure
from trainer.run_lock import locked

LINES, SCORED = 2_000, 20
ROUNDS = 5


def make_run(folder: Path) -> None:
    """Write the files that the command reads."""
    folder.mkdir(parents=True)
    config = configure("digits", {"images": 3 * 1000 * LINES, "score_every": 1000 * SCORED})
    (folder / "config.json").write_text(json.dumps({"config": config.to_json(), "data_sha256": ""}))
    lines = []
    for number in range(1, LINES + 1):
        losses = {"images": 1000 * number, "d_loss": 1.3, "g_loss": 0.9, "real_accuracy": 0.7, "fake_accuracy": 0.6}
        lines.append(json.dumps(losses | {"images_per_s": 2000, "seconds": number / 2}))
        if number % SCORED == 0:
            lines.append(json.dumps({"images": 1000 * number, "frechet_distance": 1.5, "floor_frechet_distance": 0.01}))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    for number in (LINES - 100, LINES):
        (folder / "checkpoints" / f"{1000 * number:012d}").mkdir(parents=True)
        (folder / "checkpoints" / f"{1000 * number:012d}" / "manifest.json").touch()


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as locks:
        runs = [Path(temporary) / f"search-{number // 100}" / f"trial-{number:03d}" for number in range(given.runs)]
        for number, run in enumerate(runs):
            make_run(run)
            if number % 10 == 0:
                locks.enter_context(locked(run))
        seconds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "trainer.status", temporary, "--json"], check=False, capture_output=True
            )
            seconds.append(round(time.perf_counter() - started, 2))
            if done.returncode:
                raise RunError(f"The command failed: {done.stderr.decode()}")
        states = [run["state"] for run in json.loads(done.stdout)["runs"]]
    median = sorted(seconds)[ROUNDS // 2]
    result = {"runs": given.runs, "running": states.count("running"), "seconds": seconds, "median_s": median}
    print(json.dumps(result))
    if given.json:
        write_json(given.json, result)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.status", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300, metavar="N", help="number of runs; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
