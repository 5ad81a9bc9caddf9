"""What is known about the current cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ModelRefused
from tests.support.windows import LEFT, OpenWindow, place


def test_a_classifier_that_is_missing_is_reported_once_for_each_generator(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModelRefused("There is no classifier.")

    monkeypatch.setattr("viewer.engine.predictions._classifier", missing)
    window = open_window(models["digits"])
    # The held cell is classified again as soon as another generator shows it.
    asking: tuple[Callable[[], object], ...] = (
        lambda: window.canvas.hold(3),
        lambda: window.open(models["other"]),
    )
    for cell, ask in enumerate(asking, 4):
        with qtbot.waitSignal(window.player.failed):
            ask()
        assert window.message.text.text() == "There is no classifier."
        window.message.dismiss()
        with qtbot.assertNotEmitted(window.player.failed, wait=100):
            window.canvas.hold(cell)
        assert not window.message.isVisible()


def test_the_bundled_digits_are_classified(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    QTest.mouseMove(window.canvas, place(window, 7))
    qtbot.waitUntil(lambda: "predicted 7" in window.canvas.accessibleDescription())
    assert "seed 0 : 7   ·   class 7" in window.canvas.accessibleDescription()
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 7))
    qtbot.waitUntil(lambda: window.inspector.view.bars.isVisible())
    assert window.inspector.view.bars.accessibleName().startswith("Predicted 7, 9")
    window.editor.edit("playing", lambda state: state.with_playing(True))
    qtbot.waitUntil(lambda: not window.inspector.view.bars.isVisible())
    assert "predicted" not in window.canvas.accessibleDescription()
    window.editor.edit("playing", lambda state: state.with_playing(False))
    qtbot.waitUntil(lambda: window.inspector.view.bars.isVisible())


def test_a_cell_of_the_previous_generator_has_no_caption(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_digits((9,)))
    with qtbot.waitSignal(window.player.frame_ready):
        window.player.refresh()
    with qtbot.waitSignal(window.player.opened):
        window.open(models["colour"])
    # Now, before the new generator's first frame: nine is no class of it.
    QTest.mouseMove(window.canvas, place(window, 3))
    window.canvas.current_changed.emit()
    with qtbot.waitSignal(window.player.frame_ready):
        window.player.refresh()
