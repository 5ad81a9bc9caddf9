"""Stopping on request: the trainer finishes its step and saves, also under a launcher.

A request is Ctrl-C, SIGTERM, SIGUSR1 (the usual warning of schedulers), or the loss of the terminal or of the pipe that
standard output goes to.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

from digitforge.errors import discard

PR_SET_PDEATHSIG = 1
"""Option of Linux's prctl: send this process a signal when its parent ends."""


STOP_SIGNALS = (signal.SIGTERM,) if sys.platform == "win32" else (signal.SIGTERM, signal.SIGUSR1)
"""The signals besides SIGINT and SIGHUP that request a stop."""


def in_main_thread() -> bool:
    """Whether this thread may set signal handlers; an application may train in another one."""
    return threading.current_thread() is threading.main_thread()


class StopRequest:
    """Whether the user has requested a stop.

    `requested` becomes True at the first SIGINT, SIGTERM, SIGUSR1 or SIGHUP inside `listening()`. A second SIGINT
    raises KeyboardInterrupt; the others may be repeated, as schedulers do.
    """

    def __init__(self) -> None:
        self.requested = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        self.requested = True

    @contextlib.contextmanager
    def listening(self) -> Iterator[StopRequest]:
        """Handle the signals inside the block, if this is the main thread. SIGHUP stays ignored under nohup."""
        if not in_main_thread():
            yield self
            return
        numbers = [signal.SIGINT, *STOP_SIGNALS]
        if sys.platform != "win32" and (signal.getsignal(signal.SIGHUP) != signal.SIG_IGN or _launcher_hangs_up()):
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Output(io.TextIOBase):
    """Standard output whose loss requests a stop, where a write would raise BrokenPipeError or another OSError."""

    def __init__(self, stream: TextIO, stop: StopRequest) -> None:
        self._stream, self._stop = stream, stop

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's encoding."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's file descriptor."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write `text`, or request a stop if the stream is lost."""
        with self._noticing_loss():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream, or request a stop if it is lost."""
        with self._noticing_loss():
            self._stream.flush()

    @contextlib.contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            discard(self._stream)
            self._stop.requested = True
            with contextlib.suppress(OSError):
                print("Standard output was closed: saving and stopping.", file=sys.stderr)


def _launcher_hangs_up() -> bool:
    """Whether the launcher of several processes ends them at SIGHUP, which it does even under nohup."""
    handled = os.environ.get("TORCHELASTIC_SIGNALS_TO_HANDLE", "SIGTERM,SIGINT,SIGHUP,SIGQUIT")
    return bool(os.environ.get("WORLD_SIZE")) and "SIGHUP" in handled


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
            if not os.environ.get("WORLD_SIZE") and in_main_thread():
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
