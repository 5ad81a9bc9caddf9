"""Stopping on request: Ctrl-C and SIGTERM finish the step, and a launcher neither hides nor outlives the trainer."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

PR_SET_PDEATHSIG = 1


class StopRequest:
    """Set by the first SIGINT or SIGTERM inside `listening()`; a second SIGINT interrupts at once."""

    def __init__(self) -> None:
        self.requested = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        self.requested = True

    @contextlib.contextmanager
    def listening(self) -> Iterator[StopRequest]:
        """Take the signals over for the block."""
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def own_terminal() -> Iterator[None]:
    """Make Ctrl-C reach this process alone while the block runs, and end with the launcher if that is killed.

    `accelerate launch` of one process waits in the same process group: Ctrl-C would break it off with a traceback
    while we save, and killing it would leave us behind. So we ask Linux for a SIGTERM when it dies and, where we
    hold the terminal, move to a process group of our own, as a shell does with a job. Elsewhere nothing changes.
    """
    with contextlib.ExitStack() as stack:
        if sys.platform == "linux" and "ACCELERATE_MIXED_PRECISION" in os.environ:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if "WORLD_SIZE" not in os.environ:
                _take_terminal(stack)
        yield


def _take_terminal(stack: contextlib.ExitStack) -> None:
    """Become the terminal's foreground group, where the launcher's is; `stack` gives the terminal back."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, terminal)
        launcher_group = os.getpgrp()
        if os.tcgetpgrp(terminal) != launcher_group:
            return
    except OSError:
        return  # no terminal
    # A background group that sets the foreground one is stopped by SIGTTOU unless it ignores it. Ctrl-Z would stop us
    # alone, unseen by the shell, which then never came back to its prompt.
    for number in (signal.SIGTTOU, signal.SIGTSTP):
        stack.callback(signal.signal, number, signal.signal(number, signal.SIG_IGN))
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    stack.callback(_give_back, terminal, launcher_group)


def _give_back(terminal: int, group: int) -> None:
    with contextlib.suppress(OSError):  # the launcher, and its group with it, may be gone
        os.tcsetpgrp(terminal, group)
