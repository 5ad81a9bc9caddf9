"""The thread that renders."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from viewer.core.scene.messages import Answer, Job, Opened, OpenRequest
from viewer.engine.worker import Worker

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_jobs_for_another_generator_are_dropped(models: dict[str, Path], qtbot: QtBot) -> None:
    worker, answers = Worker(), list[Answer]()
    worker.answered.connect(answers.append)
    worker.start()
    try:
        with qtbot.waitSignal(worker.opened) as opened:
            worker.mailbox.put(OpenRequest(2, models["digits"], "cpu"))
        assert opened.args is not None
        assert isinstance(opened.args[0], Opened)
        worker.mailbox.put(Job(1, "old", lambda _: "old"))
        worker.mailbox.put(Job(2, "new", lambda generator: generator.info.latent_size))
        qtbot.waitUntil(lambda: bool(answers))
    finally:
        worker.stop()
    assert [(one.name, one.value) for one in answers] == [("new", opened.args[0].info.latent_size)]


HEAPS_OF_THREADS = """
import ctypes, sys, threading
from viewer.engine.worker import HEAPS, Worker

worker = Worker()
worker.start()
worker.stop()
together = threading.Barrier(6)
def take():
    taken = bytearray(2**16)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(HEAPS)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_threads_that_come_and_go_share_a_few_heaps(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run("-c", HEAPS_OF_THREADS, tmp_path / "heaps.xml")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "heaps.xml").read_text().count("<heap nr=") <= int(done.stdout)
