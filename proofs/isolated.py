"""Open model files, each in a process of its own: `python -m proofs.isolated FILE... [--json FILE]`.

Each file must either make two images or be refused in one sentence, within 10 s and 100 MiB of memory. Crashes and
hangs are outcomes too. Needs Linux, for fork and for /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from digitforge.errors import DigitforgeError, exit_status
from digitforge.files import write_json
from export.runtime.generator import open_generator

LIMIT_S = 10
MEMORY_LIMIT_MIB = 100
BATCH = 2


@dataclass(frozen=True)
class Outcome:
    """What happened when one file was opened and made two images."""

    kind: str
    """"ran", "refused" (in one sentence), or a failure: "raised", "crashed", "hung"."""
    message: str
    mebibytes: float
    """Largest growth of the process."""
    seconds: float

    @property
    def harmless(self) -> bool:
        """Whether the file did no harm."""
        return self.kind in ("ran", "refused") and "\n" not in self.message and self.mebibytes < MEMORY_LIMIT_MIB


def attempt(path: Path) -> Outcome:
    """Open the file in a fork of this process, which must have no threads."""
    began = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(writing, json.dumps(_open(path)).encode())
        os._exit(0)
    os.close(writing)
    ready = select.select([reading], [], [], LIMIT_S)[0]
    if not ready:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    status = os.waitpid(child, 0)[1]
    seconds = round(time.monotonic() - began, 3)
    if not ready:
        return Outcome("hung", f"more than {LIMIT_S} s", 0, seconds)
    if not answer or status:
        return Outcome("crashed", f"wait status {status}", 0, seconds)
    kind, message, mebibytes = json.loads(answer)
    return Outcome(kind, message, mebibytes, seconds)


def _open(path: Path) -> tuple[str, str, float]:
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    try:
        generator = open_generator(path, provider="cpu", threads=1)
        z = np.random.default_rng(0).standard_normal((BATCH, generator.info.latent_size), np.float32)
        y = np.zeros((BATCH, len(generator.info.classes)), np.float32) if generator.info.conditional else None
        pixels, image = generator.generate_pixels(z, y), generator.generate(z, y)
        promised = generator.info.outputs()
        assert pixels.shape == (BATCH, *promised["pixels"][1:])
        assert image.shape == (BATCH, *promised["image"][1:])
        kind, message = "ran", ""
    except DigitforgeError as error:
        kind, message = "refused", str(error)
    except BaseException as error:
        kind, message = "raised", f"{type(error).__name__}: {error}"
    return kind, message, round((_peak() - before) / 1024, 1)


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def attempt_all(paths: Iterable[Path]) -> list[Outcome]:
    """Open the files from any process: a fresh one, without threads, does the forking."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "outcomes.json"
        command = [sys.executable, "-m", "proofs.isolated", *map(str, paths), "--json", str(results)]
        done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
        if not results.is_file():
            raise RuntimeError(done.stderr)
        return [Outcome(**outcome) for outcome in json.loads(results.read_text()).values()]


def command(files: list[Path], results: Path | None) -> int:
    """Open the files, print what happened to each, and return the exit status."""
    outcomes = {}
    for file in files:
        outcomes[str(file)] = outcome = attempt(file)
        growth = f"{outcome.seconds:.2f} s, {outcome.mebibytes:.0f} MiB"
        print(f"{file}: {outcome.kind} ({growth}) {outcome.message}".rstrip(), flush=True)
    if results:
        write_json(results, {name: asdict(outcome) for name, outcome in outcomes.items()})
    harmless = sum(outcome.harmless for outcome in outcomes.values())
    print(f"{harmless} of {len(outcomes)} files did no harm")
    return int(harmless < len(outcomes))


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a file did harm."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.isolated", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a model file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given.files, given.json))


if __name__ == "__main__":
    sys.exit(main())
