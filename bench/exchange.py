"""Measure what a step costs with two CPU processes: `python -m bench.exchange [--steps N] [--json FILE]`.

Trains `quickstart` at batch 128 with one process of two threads, and with two processes of one thread, which take turns
at steps with and without the exchange of gradients. Prints the milliseconds of a step, and those of all CPUs together.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from digitforge.errors import RunError, exit_status
from digitforge.files import write_json
from trainer import launch
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.presets import configure
from trainer.state import Run, build_networks
from trainer.step import step

SETTINGS: dict[str, Any] = {"batch_size": 128, "dataset": "sklearn-digits"}
WARM_UP_STEPS = 8
ROUNDS = 7
WITHOUT = "without exchange"


def measure(preset: str, steps: int, threads: int) -> dict[str, dict[str, float]]:
    """Return the medians of the "ms" of a step and of this process's "cpu_ms", by the kind of steps."""
    config = configure(preset, SETTINGS | {"threads": threads})
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    batches = Batches(source, accelerator.device, config.batch_size, config.seed, config.conditional)
    networks = build_networks(config, source.format, accelerator)
    run, number = Run(config, batches, networks, accelerator), 0

    def train(count: int) -> tuple[float, float]:
        nonlocal number
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            step(run, number * config.batch_size)
            number += 1
        accelerator.wait_for_everyone()
        return (time.perf_counter() - began) * 1e3 / count, (time.process_time() - cpu) * 1e3 / count

    train(WARM_UP_STEPS)
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        found.setdefault("whole", []).append(train(steps))
        if accelerator.num_processes > 1:
            with contextlib.ExitStack() as stack:
                for network in (networks.generator, networks.discriminator):
                    stack.enter_context(accelerator.no_sync(network))
                found.setdefault(WITHOUT, []).append(train(steps))
    return {
        kind: dict(
            zip(("ms", "cpu_ms"), (statistics.median(column) for column in zip(*times, strict=True)), strict=True)
        )
        for kind, times in found.items()
    }


def together(preset: str, steps: int, processes: int, threads: int) -> dict[str, dict[str, float]]:
    """Measure in connected processes. Returns "ms" of the first one and "cpu_ms" of all, by the kind of steps."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true"}
    if processes > 1:
        environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes)}
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for rank in range(processes):
            place = {"RANK": str(rank), "LOCAL_RANK": str(rank)} if processes > 1 else {}
            result = Path(folder) / str(rank)
            arguments = ("--preset", preset, "--steps", str(steps), "--threads", str(threads), "--rank-to", str(result))
            command = [sys.executable, "-m", "bench.exchange", *arguments]
            running.append(subprocess.Popen(command, env=environment | place))
        statuses = [each.wait() for each in running]
        if any(statuses):
            raise RunError(f"A measurement with {processes} processes failed.")
        found = [json.loads((Path(folder) / str(rank)).read_text()) for rank in range(processes)]
    return {
        kind: {"ms": first["ms"], "cpu_ms": sum(each[kind]["cpu_ms"] for each in found)}
        for kind, first in found[0].items()
    }


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    if given.rank_to:
        write_json(given.rank_to, measure(given.preset, given.steps, given.threads))
        return
    rows = {f"{n} x {threads}": together(given.preset, given.steps, n, threads) for n, threads in ((1, 2), (2, 1))}
    table = Table("processes x threads", "steps", "ms", "ms of all CPUs", title=f"{given.preset}, batch 128")
    for name, kinds in rows.items():
        for kind, times in kinds.items():
            table.add_row(name, kind, f"{times['ms']:.1f}", f"{times['cpu_ms']:.1f}")
    Console().print(table)
    if given.json:
        write_json(given.json, {"preset": given.preset, "torch": str(torch.__version__), "steps": rows})
    one, two = rows["1 x 2"]["whole"], rows["2 x 1"]["whole"]
    print(
        f"two processes / one: {two['ms'] / one['ms'] - 1:+.1%} time, {two['cpu_ms'] / one['cpu_ms'] - 1:+.1%} CPU time"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.exchange", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="quickstart", help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=40, help="in each of the rounds; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--rank-to", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    launch.leave(main())
