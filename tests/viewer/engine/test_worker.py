"""The thread that renders."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from viewer.core.scene.messages import Answer, Job, Opened, OpenRequest
from viewer.engine.player import Player
from viewer.engine.worker import PART, Worker

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
        worker.mailbox.put(Job(1, "written", lambda _: "kept", outlives=True))
        worker.mailbox.put(Job(2, "new", lambda generator: generator.info.latent_size))
        qtbot.waitUntil(lambda: len(answers) == 2)
    finally:
        worker.stop()
    size = opened.args[0].info.latent_size
    assert [(one.name, one.value) for one in answers] == [("written", "kept"), ("new", size)]


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


class Parts:
    """A long job that generates ten parts, and says when it has begun."""

    def __init__(self) -> None:
        self.begun, self.parts = Event(), 0

    def work(self, info: GeneratorInfo, run: Run) -> str:
        for _ in range(10):
            run(np.zeros((1, info.latent_size), np.float32), np.eye(10, dtype=np.float32)[:1])
            self.parts += 1
            self.begun.set()
            time.sleep(0.02)
        return "done"


@pytest.mark.parametrize("ended_by", ["", "a newer job", "another generator"])
def test_frames_pass_a_long_job_and_newer_requests_end_it(player: Player, qtbot: QtBot, ended_by: str) -> None:
    long, answers, frames = Parts(), list[Answer](), list[int]()
    player.answered.connect(answers.append)
    player.frame_ready.connect(lambda _frame: frames.append(long.parts))
    player.ask_long("long", long.work, gives_way=True)
    assert long.begun.wait(5)
    if ended_by == "a newer job":
        player.ask("long", lambda _: "newer")
    elif ended_by == "another generator":
        assert player.model is not None
        player.open(player.model.path)
    player.apply(player.state.with_seed(7))
    qtbot.waitUntil(lambda: bool(frames) and (ended_by == "another generator" or bool(answers)))
    assert frames[0] < 10
    if ended_by:
        assert long.parts < 10
        assert [one.value for one in answers] == (["newer"] if ended_by == "a newer job" else [])
    else:
        assert [one.value for one in answers] == ["done"]
    qtbot.wait(50)


def test_a_large_batch_of_a_long_job_is_generated_in_parts(player: Player, qtbot: QtBot) -> None:
    answers = list[Answer]()
    player.answered.connect(answers.append)
    assert player.model is not None
    z = np.random.default_rng(0).standard_normal((PART + 5, player.model.info.latent_size)).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(len(z)) % 10]
    player.ask_long("long", lambda _info, run: run(z, y))
    player.ask("whole", lambda generator: generator.generate(z, y))
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert np.allclose(answers[0].value, answers[1].value, atol=1e-6)
