"""The panel that chooses how the timeline interpolates."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from tests.support.windows import LEFT, OpenWindow
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import Timeline
from viewer.ui.window import Window

KEYS = tuple(of_class(seed, 0, seed) for seed in range(4))


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow) -> Window:
    """Open a window with four keyframes in the Morph mode."""
    opened = open_window(models["digits"])
    opened.editor.edit("keyframes", lambda state: state.with_timeline(Timeline(KEYS)))
    opened.editor.edit("mode", lambda state: state.with_mode("path"))
    return opened


def test_interpolation_easing_and_loop_are_chosen(window: Window) -> None:
    way = window.interpolation
    assert way.way.button("auto").isChecked()
    assert not way.way.isVisible(), "what beginners do not need is behind More"
    QTest.mouseClick(way.more, LEFT)
    assert way.way.isVisible()
    QTest.mouseClick(way.way.button("lerp"), LEFT)
    QTest.mouseClick(way.easing.button("hold"), LEFT)
    QTest.mouseClick(way.loop, LEFT)
    timeline = window.player.state.timeline
    assert (timeline.way, timeline.easing, timeline.loop) == ("lerp", "hold", False)
    assert way.value.text() == "4 keyframes"
    for _ in range(3):
        window.editor.stack.undo()
    assert window.player.state.timeline == Timeline(KEYS)
    assert way.loop.isChecked()
