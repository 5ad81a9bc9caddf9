"""The window with a generator that is slower than the user."""

from __future__ import annotations

import itertools
from pathlib import Path
from threading import Timer

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, Gate, OpenWindow, shown, state, wait_for_the_picture


def test_a_slider_dragged_faster_than_inference_still_paints(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    gate = Gate()
    window = open_window(models["digits"], opener=gate.opener)
    slider = window.truncation.slider
    y, moves = slider.height() // 2, 60
    QTest.mousePress(slider, LEFT, pos=QPoint(20, y))
    painted = []
    for move in range(moves):
        QTest.mouseMove(slider, QPoint(20 + 3 * move, y))
        if move % 10 == 9:  # inference is ten times slower than the hand
            with qtbot.waitSignal(window.player.frame_ready):
                gate.permits.release()
            painted.append(shown(window.canvas))
    QTest.mouseRelease(slider, LEFT, pos=QPoint(20 + 3 * moves, y))
    gate.permits.release(10)
    wait_for_the_picture(qtbot, window)
    assert len(painted) == 6
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(painted))
    assert gate.renders <= 10, "requests that were replaced are never rendered"
    assert window.truncation.value.text() == f"{state(window).truncation:.2f}"


def test_closing_while_rendering_waits_for_the_worker(models: dict[str, Path], open_window: OpenWindow) -> None:
    gate = Gate()
    window = open_window(models["digits"], opener=gate.opener)
    window.player.apply(window.player.state.with_playing(True))
    window.player.apply(window.player.state.with_digits((1,)))
    timer = Timer(0.05, gate.permits.release)
    timer.start()
    assert window.close()
    timer.join()
    assert not window.player._worker.isRunning()
