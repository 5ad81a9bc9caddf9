"""The bar that chooses the mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, button, wait_for_the_picture
from viewer.core.state.samples import of_class
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window


def choose(window: Window, mode: str) -> None:
    QTest.mouseClick(window.rail.group.button(MODES.index(mode)), LEFT)


def test_morph_opens_moving_between_two_pictures_of_the_grid(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    before = window.player.state
    choose(window, "path")
    assert window.player.state.timeline.keyframes == (of_class(0, 0, 0), of_class(0, 1, 1))
    assert window.motion.play.text() == "Pause"
    assert not window.motion.missing.isVisible()
    qtbot.waitUntil(lambda: window.player.state.position > 0.1)
    frame = window.player.frame
    assert frame is not None
    assert len(frame.pixels) == 1
    qtbot.waitUntil(
        lambda: window.player.frame is not None and not np.array_equal(window.player.frame.pixels, frame.pixels)
    )
    window.editor.stack.undo()
    assert window.player.state == before
    wait_for_the_picture(qtbot, window)


def test_blend_opens_between_four_classes_of_the_grid(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(button(window, "Class 7"), LEFT)
    QTest.mouseClick(window.digits.several, LEFT)
    QTest.mouseClick(button(window, "Class 4"), LEFT)
    choose(window, "pad")
    assert [corner.label for corner in window.player.state.pad.corners] == [4, 7, 4, 7]
    wait_for_the_picture(qtbot, window)
    corners = window.player.state.pad.corners
    choose(window, "grid")
    QTest.mouseClick(button(window, "Class 4"), LEFT)
    choose(window, "pad")
    assert window.player.state.pad.corners == corners, "what was set before stays"


def test_play_says_what_it_needs(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    choose(window, "path")
    with qtbot.waitSignal(window.player.emptied):
        QTest.mouseClick(window.timeline.clear, LEFT)
    assert not window.motion.play.isEnabled()
    assert window.motion.missing.isVisible()
    assert window.motion.missing.text().startswith("Play needs two keyframes: drag pictures")
    QTest.mouseClick(window.timeline.add, LEFT)
    assert window.motion.missing.text().startswith("Play needs two keyframes: drag another")
    QTest.mouseClick(window.timeline.add, LEFT)
    assert not window.motion.missing.isVisible()
    QTest.mouseClick(window.motion.play, LEFT)
    assert window.player.state.playing
    QTest.mouseClick(window.motion.play, LEFT)
    choose(window, "grid")
    assert window.motion.play.isEnabled()
    assert not window.motion.missing.isVisible()
