"""Stopping on request: Ctrl-C and SIGTERM let the trainer finish its step and save, also under a launcher."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

PR_SET_PDEATHSIG = 1
"""Option of Linux's prctl: send this process a signal when its parent ends."""


class StopRequest:
    """Whether the user has requested a stop.

    `requested` becomes True at the first SIGINT or SIGTERM inside `listening()`. A second SIGINT raises
    KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.requested = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        self.requested = True

    @contextlib.contextmanager
    def listening(self) -> Iterator[StopRequest]:
        """Handle SIGINT and SIGTERM inside the block."""
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def own_terminal() -> Iterator[None]:
    """Make Ctrl-C reach only this process inside the block, and stop if the launcher is killed.

    `accelerate launch` with one process waits in the same process group. Ctrl-C would end it with a traceback while
    this process saves, and killing it would leave this process running. So this process asks Linux for a SIGTERM when
    the launcher dies and, if it is in the terminal's foreground, moves to a process group of its own, as a shell does
    with a job. On other systems, and without a launcher, nothing changes.
    """
    with contextlib.ExitStack() as stack:
        if sys.platform == "linux" and "ACCELERATE_MIXED_PRECISION" in os.environ:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if "WORLD_SIZE" not in os.environ:
                _take_terminal(stack)
        yield


def _take_terminal(stack: contextlib.ExitStack) -> None:
    """Take the terminal's foreground from the launcher's process group; `stack` gives it back."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, terminal)
        launcher_group = os.getpgrp()
        if os.tcgetpgrp(terminal) != launcher_group:
            return
    except OSError:
        return  # no terminal
    # Setting the foreground group from the background sends SIGTTOU, which would stop this process. Ctrl-Z (SIGTSTP)
    # would stop only this process: the shell would not notice, and would never show its prompt again.
    for number in (signal.SIGTTOU, signal.SIGTSTP):
        stack.callback(signal.signal, number, signal.signal(number, signal.SIG_IGN))
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    stack.callback(_give_back, terminal, launcher_group)


def _give_back(terminal: int, group: int) -> None:
    with contextlib.suppress(OSError):  # the launcher may have ended, and its group with it
        os.tcsetpgrp(terminal, group)
