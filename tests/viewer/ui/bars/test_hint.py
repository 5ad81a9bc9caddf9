"""The hint at the first start."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.windows import LEFT, OpenWindow
from viewer.core.state.view_state import MODES


def test_the_hint_goes_for_good_once_one_thing_was_tried(models: dict[str, Path], open_window: OpenWindow) -> None:
    first = open_window(models["digits"])
    assert first.hint.isVisible()
    first.editor.edit("truncation", lambda state: state.with_truncation(0.5))
    assert first.hint.isVisible()
    QTest.keyClick(first.canvas, Qt.Key.Key_R)
    assert not first.hint.isVisible()
    first.close()
    assert not open_window(models["digits"]).hint.isVisible()


def test_the_hint_offers_what_the_mode_has(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    offers = {"draw": (False, False), "near": (False, False), "map": (True, False), "grid": (True, True)}
    for mode, (rolls, drags) in offers.items():
        window.rail.group.button(MODES.index(mode)).click()
        assert window.hint.roll.isVisible() == rolls, mode
        assert bool(window.hint.drag.text()) == drags, mode
        assert window.timeline.isVisible() == drags, mode
    assert window.hint.isVisible()


def test_the_hint_can_be_closed(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(window.hint.write, LEFT)
    assert window.player.state.mode == "number"
    assert window.hint.isVisible(), "nothing was written yet"
    QTest.mouseClick(window.hint.close_button, LEFT)
    assert not window.hint.isVisible()
    assert not window.settings.current.hint
