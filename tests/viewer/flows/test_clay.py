"""Shaping a picture like clay: painting, undoing, keeping and restoring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
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
    stroke,
    wait_for_the_picture,
)  # fmt: skip
from viewer.core.picture.look import Look
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import Timeline
from viewer.ui.window import Window

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
BAR = ((0.3, 0.5), (0.7, 0.5))
DOT = ((0.5, 0.2), (0.52, 0.22))


@pytest.fixture
def window(models: dict[str, Path], open_window: OpenWindow) -> Window:
    return open_window(models["digits"])


def at(window: Window, x: float, y: float) -> QPoint:
    box, ratio = window.inspector.view.picture.box(), window.devicePixelRatioF()
    return QPointF((box.left + x * box.width) / ratio, (box.top + y * box.height) / ratio).toPoint()


def begin(window: Window, cell: int) -> None:
    click(window, cell)
    window.inspector.menu.clay.trigger()
    assert window.shaper.shaping


def paint(window: Window, *corners: tuple[float, float], steps: int = 6) -> None:
    stroke(window.inspector.view.picture, [at(window, x, y) for x, y in corners], steps)


def settle(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: state(window).clay.settled and state(window).clay.answer is not None, timeout=20_000)
    wait_for_the_picture(qtbot, window)


def painted_on(window: Window) -> UInt8:
    frame = window.inspector.view.picture.frame
    assert frame is not None
    pixels: UInt8 = frame.pixels[0]
    return pixels


def test_what_is_painted_on_a_cell_changes_it_alone(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """With the bundled generator: a zero becomes rounder, and is the cell that is locked."""
    window = open_window(BUNDLED_MODEL)
    before = pixels(window).astype(int)
    begin(window, 0)
    assert window.inspector.view.tools.where.text() == "The cell is locked with what you make."
    paint(window, (0.3, 0.75), (0.7, 0.75))
    settle(qtbot, window)
    assert locked(window) == [0]
    sample = dict(state(window).locks)[0]
    assert (sample, sample.origin, sample.label) == (state(window).clay.answer, "seed 0, shaped", 0)
    after = pixels(window).astype(int)
    others = np.arange(len(after)) != 0
    np.testing.assert_array_equal(after[others], before[others])
    change = after[0] - before[0]
    bar = np.zeros((28, 28), bool)
    bar[20:22, 9:19] = True
    assert change[bar].mean() > 20
    assert np.abs(change[~bar]).mean() < change[bar].mean() / 4
    np.testing.assert_allclose(painted_on(window).astype(int), after[0], atol=2)
    QTest.keyClick(window.inspector.view.picture, Key.Key_Escape)
    assert not window.shaper.shaping
    assert not window.inspector.view.isVisible(), "back in the grid, where it was begun"
    np.testing.assert_array_equal(pixels(window), after)


def test_the_picture_follows_the_brush_before_it_is_lifted(window: Window, qtbot: QtBot) -> None:
    begin(window, 12)
    picture, before = window.inspector.view.picture, painted_on(window)
    QTest.mousePress(picture, LEFT, pos=at(window, 0.3, 0.5))
    QTest.mouseMove(picture, at(window, 0.6, 0.5))
    qtbot.waitUntil(lambda: not np.array_equal(painted_on(window), before))
    assert picture.painting_now
    assert not locked(window)
    QTest.keyClick(window, Key.Key_Escape)
    assert not window.shaper.shaping


def test_each_stroke_is_undone(window: Window, qtbot: QtBot) -> None:
    first = state(window)
    begin(window, 12)
    paint(window, *BAR)
    settle(qtbot, window)
    one, shown = state(window), painted_on(window)
    window.inspector.view.tools.paint.button("dark").click()
    paint(window, *DOT)
    settle(qtbot, window)
    assert [stroke.eraser for stroke in state(window).clay.strokes] == [False, True]
    assert not np.array_equal(painted_on(window), shown)
    two = state(window)
    QTest.keyClick(window, Key.Key_Z, CTRL)
    assert state(window) == one
    qtbot.waitUntil(lambda: bool((np.abs(painted_on(window).astype(int) - shown) <= 2).all()))
    QTest.keyClick(window, Key.Key_Z, CTRL)
    assert state(window).locks == first.locks
    assert not state(window).clay.strokes
    for _ in range(2):
        QTest.keyClick(window, Key.Key_Y, CTRL)
    assert state(window) == two, "redoing brings back the very same pictures"


def test_starting_again_and_strength(window: Window, qtbot: QtBot) -> None:
    begin(window, 12)
    original, tools = painted_on(window), window.inspector.view.tools
    assert not tools.restart.isEnabled()
    paint(window, *BAR)
    settle(qtbot, window)
    gentle = state(window).clay.answer
    tools.strength.slider.setValue(100)
    assert not state(window).clay.settled
    settle(qtbot, window)
    assert state(window).clay.answer != gentle
    tools.restart.click()
    qtbot.waitUntil(lambda: np.array_equal(painted_on(window), original))
    assert dict(state(window).locks)[12] == of_class(0, 12, 2)
    QTest.mouseClick(tools.finish, LEFT)
    assert not window.shaper.shaping


def test_light_is_light_on_the_screen(window: Window) -> None:
    """On bright paper, what is lighter are the generator's dark pixels."""
    window.editor.edit("look", lambda state: state.with_look(Look("ink")))
    begin(window, 3)
    view = window.inspector.view
    view.tools.paint.button("light").click()
    tools = [view.picture.dark]
    QTest.keyClick(view.picture, Key.Key_E)
    assert [*tools, view.picture.dark] == [True, False]
    assert view.tools.paint.button("dark").isChecked()
    QTest.keyClick(view.picture, Key.Key_BracketRight)
    assert view.tools.brush.value > 80


def test_the_result_comes_back_from_a_picture_and_goes_everywhere(
    window: Window, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    window.editor.edit("state", lambda before: replace(before, truncation=0.8, position=0.3))
    wait_for_the_picture(qtbot, window)
    begin(window, 12)
    paint(window, *BAR)
    settle(qtbot, window)
    shown = pixels(window)
    QTest.mouseClick(window.inspector.view.tools.finish, LEFT)
    sheet_of(window).stills.size_slider.slider.setValue(1)
    export(window, tmp_path / "clay", qtbot, monkeypatch)
    click(window, 12)
    sample = window.canvas.sample
    assert sample is not None
    assert sample.origin == "between seeds 0 and 1, shaped"
    window.inspector.menu.keyframe.trigger()
    assert state(window).timeline.keyframes == (sample,)
    other = open_window(models["digits"])
    with qtbot.waitSignal(other.restorer.notified):
        drop_file(other, tmp_path / "clay.png")
    wait_for_the_picture(qtbot, other)
    np.testing.assert_array_equal(pixels(other), shown)


def test_a_morph_takes_the_result_as_a_keyframe(window: Window, qtbot: QtBot) -> None:
    keys = tuple(of_class(seed, 0, seed) for seed in (3, 4, 5))
    window.editor.edit("mode", lambda before: replace(before, mode="path", timeline=Timeline(keys), position=1.5))
    wait_for_the_picture(qtbot, window)
    begin(window, 0)
    for strokes in (BAR, DOT):
        paint(window, *strokes)
        settle(qtbot, window)
    keyframes = state(window).timeline.keyframes
    assert keyframes == (*keys[:2], state(window).clay.answer, keys[2])
    assert state(window).position == 2.0
    np.testing.assert_allclose(painted_on(window).astype(int), pixels(window)[0], atol=2)


def test_a_blend_and_a_written_number_put_it_into_the_grid(window: Window, qtbot: QtBot) -> None:
    window.editor.edit("number", lambda before: before.locked(0, of_class(5, 0, 5)).with_mode("number"))
    window.editor.edit("text", lambda before: before.with_number(before.number.with_text("12")))
    wait_for_the_picture(qtbot, window)
    begin(window, 1)
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert "cell 2 of the grid" in window.inspector.view.tools.where.text()
    paint(window, *BAR)
    settle(qtbot, window)
    QTest.keyClick(window, Key.Key_Escape)
    assert window.message.text.text() == "The picture is locked in cell 2 of the grid."
    assert locked(window) == [0, 1]
    corners = tuple(of_class(seed, 0, seed) for seed in range(4))
    window.editor.edit("pad", lambda before: before.with_mode("pad").with_pad(before.pad.with_corners(corners)))
    window.editor.edit("corner", lambda before: before.with_pad(before.pad.with_point(1.0, 0.0)))
    wait_for_the_picture(qtbot, window)
    begin(window, 0)
    paint(window, *BAR)
    settle(qtbot, window)
    assert state(window).pad.corners == (corners[0], state(window).clay.answer, *corners[2:])


def test_the_large_view_stays_where_clay_was_begun_in_it(window: Window, qtbot: QtBot) -> None:
    view = window.inspector.view
    QTest.mouseDClick(window.canvas, LEFT, pos=place(window, 12))
    QTest.mouseClick(view.clay, LEFT)
    assert view.tools.isVisible()
    assert not view.lock.isVisible()
    QTest.keyClick(view, Key.Key_Escape)
    assert view.isVisible()
    assert view.lock.isVisible()
    assert view.name.text() == "2"
    QTest.keyClick(view, Key.Key_B, CTRL)
    assert window.shaper.shaping
    window.rail.group.button(1).click()
    assert not window.shaper.shaping, "another mode shows another picture"


@pytest.mark.parametrize("info", [
    GeneratorInfo(6, "normal", ("a", "b"), 3, 12, 16), GeneratorInfo(6, "uniform", (), 1, 16, 12),
], ids=["colour", "free"])  # fmt: skip
def test_other_generators_are_shaped_too(
    info: GeneratorInfo, open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(write_model(tmp_path / "g.onnx", info))
    before = pixels(window)
    begin(window, 5)
    paint(window, *BAR)
    settle(qtbot, window)
    assert not np.array_equal(pixels(window)[5], before[5])
    np.testing.assert_array_equal(pixels(window)[6:], before[6:])


def test_what_cannot_be_shaped_is_said(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(write_model(tmp_path / "g.onnx", GeneratorInfo(600, "normal", (), 1, 8, 8)))
    click(window, 5)
    for wanted in (window.inspector.menu.clay, window.inspector.menu.near, window.inspector.menu.mix):
        wanted.trigger()
        assert window.message.text.text().startswith("The latents of this generator have 600 numbers.")
        window.message.dismiss()
    assert not window.shaper.shaping
    assert not window.rail.group.button(5).isVisible()


def test_without_variety_there_is_nothing_to_shape(window: Window, qtbot: QtBot) -> None:
    window.editor.edit("variety", lambda before: before.with_truncation(0.0))
    wait_for_the_picture(qtbot, window)
    click(window, 5)
    window.inspector.menu.clay.trigger()
    assert window.message.text.text().startswith("With Variety at 0")


def test_another_generator_ends_it(window: Window, models: dict[str, Path], qtbot: QtBot) -> None:
    begin(window, 5)
    with qtbot.waitSignal(window.player.opened):
        window.open(models["other"])
    assert not window.shaper.shaping
    assert not window.inspector.view.isVisible()
