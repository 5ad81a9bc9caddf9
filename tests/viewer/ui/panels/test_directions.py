"""Directions: finding, moving, renaming."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from digitforge.errors import ExportError
from viewer.core.scene.directions import Search
from viewer.ui.panels.directions import FIRST
from viewer.ui.window import Window

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton


def unfold(window: Window, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.finder.found):
        QTest.mouseClick(window.directions.toggle, LEFT)


def test_they_are_found_when_the_panel_is_unfolded(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path
) -> None:
    window = open_window(models["digits"])
    panel = window.directions
    with qtbot.assertNotEmitted(window.finder.progressed, wait=50):
        pass
    assert not panel.rows[0].isVisible()
    steps: list[int] = []
    window.finder.progressed.connect(lambda done, of: steps.append(done))
    unfold(window, qtbot)
    assert steps == sorted(steps)
    assert steps[-1] == 256
    assert [row.isVisible() for row in panel.rows[: FIRST + 1]] == [True] * FIRST + [False]
    assert not panel.progress.isVisible()
    assert len(list(own_data.rglob("directions/*.json"))) == 1
    QTest.mouseClick(panel.toggle, LEFT)
    assert not panel.rows[0].isVisible()


def test_a_slider_moves_every_picture_and_reset_takes_it_back(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    unfold(window, qtbot)
    row = window.directions.rows[1]
    assert window.player.frame is not None
    before = window.player.frame.scene.z
    row.slider.setFocus()
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.keyClick(row.slider, Qt.Key.Key_PageUp)
    assert window.player.state.amounts == (0.0, 1.0)
    directions = window.finder.directions
    assert directions is not None
    np.testing.assert_allclose(window.player.frame.scene.z - before, np.tile(directions.vectors[1], (64, 1)), atol=1e-6)
    assert window.directions.value.text() == "1 in use"
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseClick(window.directions.reset, LEFT)
    np.testing.assert_array_equal(window.player.frame.scene.z, before)
    window.editor.stack.undo()
    assert row.slider.value() == 10
    QTest.mouseDClick(row.slider, LEFT, pos=QPoint(5, row.slider.height() // 2))
    assert not window.player.state.amounts


def test_a_state_with_amounts_finds_its_directions(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.finder.found):
        window.player.apply(window.player.state.with_amount(0, 2.0))
    directions = window.finder.directions
    assert directions is not None
    qtbot.waitUntil(
        lambda: (
            window.player.frame is not None
            and np.allclose(
                window.player.frame.scene.z[0], scene_without(window) + 2 * directions.vectors[0], atol=1e-6
            )
        )
    )


def scene_without(window: Window) -> Any:
    from viewer.core.state.samples import latents_of

    assert window.player.model is not None
    assert window.player.frame is not None
    return latents_of(window.player.model.info, window.player.frame.scene.samples)[0]


def test_a_name_stays_with_the_generator(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    unfold(window, qtbot)
    name = window.directions.rows[0].name
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "Tilt")
    QTest.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "Direction 1"
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "Slant")
    with qtbot.waitSignal(window.player.answered):
        QTest.keyClick(name, Qt.Key.Key_Return)
    assert not name.hasFocus()
    assert window.directions.rows[0].slider.accessibleName() == "Slant"
    with qtbot.waitSignal(window.finder.found):
        window.open(models["colour"])
    assert name.text() == "Direction 1"
    steps: list[int] = []
    window.finder.progressed.connect(lambda done, of: steps.append(done))
    with qtbot.waitSignal(window.finder.found):
        window.open(models["digits"])
    assert name.text() == "Slant"
    assert steps == [], "read, not found again"


def test_a_failed_search_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(search: Search, generator: object) -> None:
        raise ExportError("The graph does not do what it says.")

    monkeypatch.setattr(Search, "step", fail)
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.finder.failed):
        QTest.mouseClick(window.directions.toggle, LEFT)
    assert window.message.text.text() == "The graph does not do what it says."
    assert "could not be computed" in window.directions._note.text()
    assert not window.directions.progress.isVisible()


def test_those_of_the_bundled_generator_are_seen_at_once(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    from digitforge.bundled import BUNDLED_MODEL

    window = open_window(BUNDLED_MODEL)
    window.resize(1366, 768)
    panel = window.directions
    qtbot.waitUntil(lambda: panel.rows[0].name.text() == "Slant")
    QApplication.processEvents()
    bottom = panel.reset.mapTo(window.side.viewport(), panel.reset.rect().bottomLeft())
    assert bottom.y() < window.side.viewport().height(), "the panel is seen without scrolling"
    assert panel.rows[0].name.text() == "Slant", "they come with the bundled generator"
    assert sum(row.isVisible() for row in panel.rows) == FIRST
    QTest.mouseClick(panel.more, LEFT)
    assert sum(row.isVisible() for row in panel.rows) == 12
    QTest.mouseClick(panel.more, LEFT)
    assert sum(row.isVisible() for row in panel.rows) == FIRST
