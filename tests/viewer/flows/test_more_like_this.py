"""More like this: wandering from picture to picture, and mixing two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from export.contract import GeneratorInfo
from proofs.tiny_generator import write_model
from tests.support.windows import (
    LEFT,
    OpenWindow,
    click,
    drop_file,
    export,
    locked,
    pixels,
    place,
    sheet_of,
    state,
    wait_for_the_picture,
)  # fmt: skip
from viewer.core.files.formats import read_recipe
from viewer.core.state.near import CENTRE
from viewer.core.state.samples import of_class
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow) -> Window:
    return open_window(models["digits"])


def arrive(qtbot: QtBot, window: Window) -> None:
    """Wait until the neighbours are found and shown."""
    qtbot.waitUntil(lambda: state(window).near.found)
    wait_for_the_picture(qtbot, window)


def explore(qtbot: QtBot, window: Window, cell: int) -> None:
    click(window, cell)
    window.inspector.menu.near.trigger()
    arrive(qtbot, window)


def test_the_picture_is_in_the_middle_of_its_variations(window: Window, qtbot: QtBot) -> None:
    picture = pixels(window)[12]
    explore(qtbot, window, 12)
    assert state(window).mode == "near"
    assert state(window).near.parents == (of_class(0, 12, 2),)
    shown = pixels(window)
    assert len(shown) == 25
    np.testing.assert_array_equal(shown[CENTRE], picture)
    distance = np.abs(shown.astype(int) - picture).mean(axis=(1, 2)).reshape(5, 5)
    assert np.delete(distance.ravel(), CENTRE).min() > 0
    assert distance[2, 4] > distance[2, 3] > 0, "farther out is farther away"
    assert len({cell.tobytes() for cell in shown}) == 25
    QTest.mouseMove(window.canvas, place(window, 3))
    assert window.canvas.accessibleDescription().startswith("near seed 0   ·   class 2")
    window.explorer.panel.radius.slider.setValue(20)
    wait_for_the_picture(qtbot, window)
    assert np.abs(pixels(window).astype(int) - picture).mean() < distance.mean() / 2


def test_a_click_goes_on_and_history_goes_back(window: Window, qtbot: QtBot) -> None:
    explore(qtbot, window, 12)
    first, panel = state(window), window.explorer.panel
    wanted = pixels(window)[9]
    assert not panel.back.isEnabled()
    click(window, 9)
    arrive(qtbot, window)
    np.testing.assert_array_equal(pixels(window)[CENTRE], wanted)
    assert window.canvas.current == CENTRE
    second = state(window)
    click(window, CENTRE)
    assert state(window) == second, "the picture in the middle leads nowhere else"
    click(window, 4)
    arrive(qtbot, window)
    third = state(window)
    assert panel.value.text() == "2 steps gone"
    QTest.mouseClick(panel.back, LEFT)
    arrive(qtbot, window)
    assert state(window).near.parents == second.near.parents
    QTest.mouseClick(panel.back, LEFT)
    arrive(qtbot, window)
    assert state(window).near == first.near
    assert not panel.back.isEnabled()
    for _ in range(2):
        QTest.keyClick(window, Key.Key_Z, CTRL)
    assert state(window) == third
    for expected in (second, first):
        QTest.keyClick(window, Key.Key_Z, CTRL)
        assert state(window) == expected
    QTest.keyClick(window, Key.Key_Z, CTRL)
    assert state(window).mode == "grid"


def test_two_quick_clicks_are_two_steps(window: Window, qtbot: QtBot) -> None:
    explore(qtbot, window, 12)
    click(window, 3)
    arrive(qtbot, window)
    click(window, 3)
    arrive(qtbot, window)
    assert len(state(window).near.trail) == 2
    window.editor.stack.undo()
    assert len(state(window).near.trail) == 1
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 20))
    assert not window.inspector.view.isVisible()


def test_two_pictures_have_children(window: Window, qtbot: QtBot) -> None:
    one, other = pixels(window)[12], pixels(window)[27]
    click(window, 12)
    window.inspector.menu.mix.trigger()
    assert window.message.text.text() == "Click the picture to mix it with, in any mode."
    click(window, 27)
    assert not window.message.isVisible()
    arrive(qtbot, window)
    assert state(window).near.parents == (of_class(0, 12, 2), of_class(0, 27, 7))
    shown = pixels(window)
    np.testing.assert_array_equal(shown[0], one)
    np.testing.assert_array_equal(shown[-1], other)
    assert len({cell.tobytes() for cell in shown}) == 25
    assert window.explorer.panel.title.text() == "Two pictures mixed"
    assert not window.explorer.panel.radius.isVisible()
    child = shown[7]
    click(window, 7)
    arrive(qtbot, window)
    assert len(state(window).near.parents) == 1
    np.testing.assert_array_equal(pixels(window)[CENTRE], child)


def test_mixing_can_be_given_up(window: Window) -> None:
    ways: tuple[Callable[[], None], ...] = (
        lambda: QTest.keyClick(window.canvas, Key.Key_Escape),
        lambda: QTest.mouseClick(window.message.offer, LEFT),
    )
    for give_up in ways:
        click(window, 12)
        window.inspector.menu.mix.trigger()
        give_up()
        assert not window.message.isVisible()
        click(window, 13)
        assert state(window).mode == "grid"
    click(window, 12)
    window.inspector.menu.mix.trigger()
    click(window, 12)
    assert window.message.text.text().startswith("This is the same picture")


def test_its_cells_are_ordinary_samples(
    window: Window, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    window.editor.edit("variety", lambda before: before.with_truncation(0.7))
    wait_for_the_picture(qtbot, window)
    explore(qtbot, window, 12)
    QTest.mouseMove(window.canvas, place(window, 6))
    sample, shown = window.canvas.sample, pixels(window)
    assert sample is not None
    assert sample.held
    window.inspector.menu.keyframe.trigger()
    window.inspector.menu.grid.trigger()
    assert state(window).timeline.keyframes == (sample,)
    assert dict(state(window).locks) == {0: sample}
    sheet_of(window).stills.size_slider.slider.setValue(1)
    export(window, tmp_path / "near", qtbot, monkeypatch)
    assert read_recipe(tmp_path / "near.png").state == state(window)
    other = open_window(models["digits"])
    with qtbot.waitSignal(other.restorer.notified):
        drop_file(other, tmp_path / "near.png")
    wait_for_the_picture(qtbot, other)
    np.testing.assert_array_equal(pixels(other), shown)
    other.editor.edit("mode", lambda before: before.with_mode("grid"))
    wait_for_the_picture(qtbot, other)
    np.testing.assert_array_equal(pixels(other)[0], shown[6])
    assert locked(other) == [0]


def test_the_mode_begins_with_a_picture_of_the_grid(window: Window, qtbot: QtBot) -> None:
    first = pixels(window)[0]
    QTest.mouseClick(window.rail.group.button(MODES.index("near")), LEFT)
    arrive(qtbot, window)
    np.testing.assert_array_equal(pixels(window)[CENTRE], first)
    QTest.keyClick(window.canvas, Key.Key_Return)


def test_another_generator_finds_its_own_neighbours(window: Window, models: dict[str, Path], qtbot: QtBot) -> None:
    explore(qtbot, window, 12)
    before = state(window).near
    with qtbot.waitSignal(window.player.opened):
        window.open(models["other"])
    assert not state(window).near.found
    arrive(qtbot, window)
    assert state(window).near.parents == before.parents
    with qtbot.waitSignal(window.player.opened):
        window.open(models["free"])
    assert state(window).near.parents == ()


@pytest.mark.parametrize("info", [
    GeneratorInfo(6, "normal", ("a", "b"), 3, 12, 16), GeneratorInfo(3, "uniform", (), 1, 12, 12),
], ids=["colour", "three latents"])  # fmt: skip
def test_other_generators_have_neighbours(
    info: GeneratorInfo, open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(write_model(tmp_path / "g.onnx", info))
    explore(qtbot, window, 5)
    assert not np.array_equal(pixels(window)[0], pixels(window)[CENTRE])
    click(window, 3)
    arrive(qtbot, window)
    window.inspector.menu.mix.trigger()
    click(window, 8)
    arrive(qtbot, window)
    assert state(window).near.mixes
