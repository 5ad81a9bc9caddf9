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
from export.safety.digest import file_digest
from viewer.core.files.recipe import from_text
from viewer.core.files.saving import ExportSpec, Subject
from viewer.core.scene.directions import Named, Search
from viewer.core.scene.quantities import measure
from viewer.core.state.samples import latents_of, of_class
from viewer.ui.panels.directions import FIRST, Row
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
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert not name.hasFocus()
    assert window.directions.rows[0].slider.accessibleName() == "Slant"
    # Opened at once: the new name may not be written yet.
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
    qtbot.waitUntil(lambda: bool(panel.named_rows) and panel.named_rows[0].name.text() == "Slant")
    QApplication.processEvents()
    bottom = panel.reset.mapTo(window.side.viewport(), panel.reset.rect().bottomLeft())
    assert bottom.y() < window.side.viewport().height(), "the panel is seen without scrolling"
    names = [row.name.text() for row in panel.named_rows]
    assert names == ["Slant", "Stroke weight", "Width", "Height"], "they come with the bundled generator"
    assert "how far the shape leans to the right" in panel.named_rows[0].slider.toolTip()
    assert "this direction explains 84 % of that" in panel.named_rows[0].slider.toolTip()
    seen = [row.name.text() for row in (*panel.named_rows, *panel.rows) if row.isVisible()]
    assert seen == [*names, "Direction 4", "Direction 5"], "the first three are like measured ones"
    QTest.mouseClick(panel.more, LEFT)
    assert sum(row.isVisible() for row in panel.rows) == 12
    QTest.mouseClick(panel.more, LEFT)
    assert sum(row.isVisible() for row in (*panel.named_rows, *panel.rows)) == FIRST


def test_a_measured_direction_moves_every_picture(open_window: OpenWindow, qtbot: QtBot) -> None:
    from digitforge.bundled import BUNDLED_MODEL

    window = open_window(BUNDLED_MODEL)
    panel = window.directions
    qtbot.waitUntil(lambda: bool(panel.named_rows))
    assert window.player.frame is not None
    before = measure((window.player.frame.pixels[:, None] / 127.5 - 1).astype(np.float32))
    row = panel.named_rows[1]
    row.slider.setFocus()
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.keyClick(row.slider, Qt.Key.Key_PageUp)
    after = measure((window.player.frame.pixels[:, None] / 127.5 - 1).astype(np.float32))
    assert (after[:, 1] > before[:, 1]).mean() > 0.9, "strokes are bolder"
    assert panel.value.text() == "1 in use"
    assert [(shift.name, shift.amount) for shift in window.player.state.shifts] == [("Stroke weight", 1.0)]
    QTest.mouseClick(panel.reset, LEFT)
    assert not window.player.state.shifts


def test_a_principal_direction_that_is_like_a_measured_one_is_seen_while_it_is_used(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    from digitforge.bundled import BUNDLED_MODEL

    window = open_window(BUNDLED_MODEL)
    panel = window.directions
    qtbot.waitUntil(lambda: bool(panel.named_rows))
    assert not panel.rows[0].isVisible()
    window.editor.edit("recipe", lambda state: state.with_amount(0, 2.0))
    assert panel.rows[0].isVisible()
    assert "much like “Slant”" in panel.rows[0].slider.toolTip()
    QTest.mouseClick(panel.reset, LEFT)
    assert not panel.rows[0].isVisible()


def test_locked_cells_give_a_direction_that_is_kept_named_and_removed(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path
) -> None:
    window = open_window(models["digits"])
    for cell in (3, 5):
        window.canvas.hold(cell)
        window.canvas.toggle_lock()
    window.canvas.hold(9)
    window.inspector._open_menu(window.canvas.mapToGlobal(QPoint(5, 5)))
    assert window.inspector.menu.direction.text() == "Make a direction: the locked cells, not the others"
    window.inspector.menu.close()
    with qtbot.waitSignal(window.finder.notified):
        window.inspector.menu.direction.trigger()
    assert "“My direction 1” is among the directions now" in window.message.text.text()
    own = window.directions.named_rows[-1]
    assert own.isVisible()
    assert own.name.text() == "My direction 1"
    assert window.player.frame is not None
    z = latents_of(window.player.model.info, window.player.frame.scene.samples)  # type: ignore[union-attr]
    vector = np.frombuffer(window.directions._named[-1].vector, "<f4")
    chosen = z[[3, 5]].mean(axis=0) - np.delete(z, [3, 5], axis=0).mean(axis=0)
    assert vector @ chosen > 0.8 * np.linalg.norm(vector) * np.linalg.norm(chosen)

    rename(own, "Mine")
    assert own.slider.accessibleName() == "Mine"
    (cache,) = own_data.rglob(f"directions/{file_digest(models['digits'])}.json")
    qtbot.waitUntil(lambda: '"Mine"' in cache.read_text("utf-8"))
    with qtbot.waitSignal(window.finder.found):
        window.open(models["colour"])
    assert "Mine" not in [one.name for one in window.directions._named]
    with qtbot.waitSignal(window.finder.found):
        window.open(models["digits"])
    assert window.directions._named[-1].name == "Mine", "kept with the generator"
    count = len(window.directions._named)
    rename(window.directions.named_rows[-1], "")
    assert len(window.directions._named) == count - 1


def test_cells_with_equal_latents_give_no_direction(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    same = of_class(1, 2, 3)
    with qtbot.waitSignal(window.finder.notified) as notified:
        window.finder.contrast((same,), (same, same))
    assert "no direction between them" in notified.args[0]


def test_a_recipe_brings_a_direction_of_ones_own_to_where_it_is_not_known(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path
) -> None:
    vector = np.array([0.6, 0, 0, 0, 0.8, 0], "<f4").tobytes()
    window = open_window(models["digits"])
    assert window.player.model is not None
    shown = window.player.state.with_shift("Mine", vector, -1.5)
    state = from_text(Subject(window.player.model, shown).recipe(ExportSpec())).state
    assert state == shown
    assert window.player.frame is not None
    before = window.player.frame.scene.z
    with qtbot.waitSignal(window.player.frame_ready):
        window.editor.edit("recipe", lambda _: state)
    moved = -1.5 * np.frombuffer(vector, "<f4")
    np.testing.assert_allclose(window.player.frame.scene.z - before, np.tile(moved, (64, 1)), atol=1e-6)
    unfold(window, qtbot)
    row = window.directions.named_rows[len(window.directions._named) - 1]
    assert (row.isVisible(), row.name.text(), row.slider.value()) == (True, "Mine", -15)
    assert "keep it" in row.name.toolTip()
    rename(row, "Kept")
    assert window.finder.directions is not None
    assert window.finder.directions.named is not None
    assert window.finder.directions.named[-1] == Named("Kept", vector)
    assert row.slider.value() == -15


def rename(row: Row, name: str) -> None:
    row.name.setFocus()
    row.name.selectAll()
    QTest.keyClick(row.name, Qt.Key.Key_Backspace)
    QTest.keyClicks(row.name, name)
    QTest.keyClick(row.name, Qt.Key.Key_Return)
