"""Python functions in processes of their own that start within a moment.

They are forked from a server that has imported the trainer and the search. A new interpreter would spend some seconds
on the imports alone. Tests of the launch itself still start real commands.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.preloaded"])


class Fork:
    """A process that writes its output, standard error included, to a file."""

    def __init__(self, output: Path, function: Callable[..., int], *arguments: Any, **environment: str) -> None:
        self._output = output
        self.process: ForkServerProcess = CONTEXT.Process(
            target=_call, args=(output, environment, function, arguments), daemon=True
        )
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.is_alive()

    def wait(self, seconds: float = 120) -> tuple[int, str]:
        """Return the exit status, negative after a signal, and the output."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(self._output.read_text())
        return self.process.exitcode, self._output.read_text()


def start_ranks(output: Path, function: Callable[..., int], *arguments: Any, **environment: str) -> list[Fork]:
    """Start `function` in two connected processes, with the environment that the launcher would give them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "ACCELERATE_USE_CPU": "true", "ACCELERATE_MIXED_PRECISION": "no", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    return [
        Fork(output.with_suffix(f".{rank}"), function, *arguments,
             **shared, RANK=str(rank), LOCAL_RANK=str(rank), **environment)
        for rank in range(2)
    ]  # fmt: skip


def wait_for(ranks: list[Fork]) -> tuple[list[int], str]:
    """Return the exit statuses and the joined outputs."""
    ended = [rank.wait() for rank in ranks]
    return [status for status, _ in ended], "".join(output for _, output in ended)


def _call(output: Path, environment: dict[str, str], function: Callable[..., int], arguments: Sequence[Any]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server ignores Ctrl-C
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup make test` ignores it
    with output.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    status = function(*arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # without the interpreter's shutdown, in which gloo's threads may abort
