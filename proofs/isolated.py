"""Open files one by one, each in a process of its own: `python -m proofs.isolated FILE...`, one JSON line a file.

What a file does to the process is measured, a crash or a hang included. Needs Linux: fork, and /proc for the memory.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from digitforge.errors import DigitforgeError
from export.runtime.generator import open_generator

LIMIT_S = 10
MEMORY_LIMIT_MIB = 100
BATCH = 2


@dataclass(frozen=True)
class Outcome:
    """What came of opening one file and making two images."""

    kind: str
    """"ran", "refused" (one sentence), or what must not be: "raised", "crashed", "hung"."""
    said: str
    mebibytes: float
    """Growth of the process at its largest."""
    seconds: float

    @property
    def harmless(self) -> bool:
        """Whether the file did no harm."""
        return self.kind in ("ran", "refused") and "\n" not in self.said and self.mebibytes < MEMORY_LIMIT_MIB


def attempt(path: Path) -> Outcome:
    """Open the file in a fork of this process."""
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
    kind, said, mebibytes = json.loads(answer)
    return Outcome(kind, said, mebibytes, seconds)


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
        kind, said = "ran", ""
    except DigitforgeError as error:
        kind, said = "refused", str(error)
    except BaseException as error:
        kind, said = "raised", f"{type(error).__name__}: {error}"
    return kind, said, round((_peak() - before) / 1024, 1)


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def attempt_all(paths: Iterable[Path]) -> list[Outcome]:
    """The same from any process: a fresh one, without threads, does the forking."""
    command = [sys.executable, "-m", "proofs.isolated", *map(str, paths)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]


def main() -> Iterator[str]:
    """A line of JSON for each file named on the command line."""
    for name in sys.argv[1:]:
        yield json.dumps(asdict(attempt(Path(name))))


if __name__ == "__main__":
    for line in main():
        print(line, flush=True)
