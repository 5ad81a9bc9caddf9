"""A walk is paused between two seeds, a morph or a blend half-way: what is kept there is what is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QGuiApplication
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
    pixels,
    place,
    sheet_of,
    wait_for_the_picture,
)
from viewer.core.files.formats import read_recipe
from viewer.core.picture.compose import to_rgb
from viewer.core.state.pad import Pad
from viewer.core.state.samples import Sample, of_class
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState
from viewer.ui.widgets.dragging import unpack
from viewer.ui.window import Window

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FOUR, SEVEN = of_class(3, 0, 4), of_class(9, 0, 7)
MORPH = ViewState(mode="path", timeline=Timeline((FOUR, SEVEN), easing="linear"), position=0.5)
BLEND = ViewState(mode="pad", pad=Pad((FOUR, SEVEN, of_class(1, 0, 4), of_class(2, 0, 7))))


def show(window: Window, qtbot: QtBot, change: Callable[[ViewState], ViewState]) -> None:
    """Change the state, and wait for its picture."""
    window.editor.edit("state", change)
    wait_for_the_picture(qtbot, window)


def canvas_caption(window: Window) -> str:
    return window.canvas.accessibleDescription()


@pytest.fixture
def paused(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> Window:
    """Open a window, let it walk with truncation and a direction, and pause at about 0.77 of the way to seed 6."""
    window = open_window(models["digits"])
    QTest.mouseMove(window.canvas, QPoint(2, 2))
    model = window.player.model
    assert model is not None
    window.player.directions = np.eye(2, model.info.latent_size, dtype=np.float32)
    show(window, qtbot, lambda state: replace(state, seed=5, truncation=0.8, amounts=(1.5,), position=0.7, speed=0.3))
    QTest.keyClick(window.canvas, Key.Key_Space)
    qtbot.waitUntil(lambda: window.player.state.position > 0.77)
    QTest.keyClick(window.canvas, Key.Key_Space)
    assert not window.player.state.playing
    wait_for_the_picture(qtbot, window)
    return window


def test_a_cell_that_is_locked_between_two_seeds_does_not_jump(paused: Window, qtbot: QtBot) -> None:
    before = pixels(paused)
    QTest.mouseMove(paused.canvas, place(paused, 12))
    assert canvas_caption(paused).startswith("between seeds 5 and 6   ·   class 2")
    QTest.keyClick(paused.canvas, Key.Key_L)
    wait_for_the_picture(qtbot, paused)
    np.testing.assert_array_equal(pixels(paused), before)
    assert canvas_caption(paused).startswith("between seeds 5 and 6   ·   class 2")
    QTest.keyClick(paused.canvas, Key.Key_Right)
    wait_for_the_picture(qtbot, paused)
    after = pixels(paused)
    np.testing.assert_array_equal(after[12], before[12])
    assert not np.array_equal(after[13], before[13])


def test_a_locked_cell_comes_back_from_a_picture_in_a_new_window(
    paused: Window, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    click(paused, 12)
    QTest.keyClick(paused.canvas, Key.Key_L)
    wait_for_the_picture(qtbot, paused)
    shown = pixels(paused)
    sheet_of(paused).stills.size_slider.slider.setValue(1)
    export(paused, tmp_path / "paused", qtbot, monkeypatch)
    assert read_recipe(tmp_path / "paused.png").state == paused.player.state
    assert (tmp_path / "paused.png").stat().st_size < 200_000
    other = open_window(models["digits"])
    other.player.directions = paused.player.directions
    with qtbot.waitSignal(other.restorer.notified):
        drop_file(other, tmp_path / "paused.png")
    wait_for_the_picture(qtbot, other)
    np.testing.assert_array_equal(pixels(other), shown)
    with Image.open(tmp_path / "paused.png") as image:
        assert other.canvas.frame is not None
        np.testing.assert_array_equal(np.asarray(image), to_rgb(other.canvas.frame.picture))


def test_a_keyframe_a_favourite_and_a_drag_carry_the_picture_that_is_shown(
    paused: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pixels(paused)[12]
    carried: list[QMimeData] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, _actions: carried.append(drag.mimeData()))
    QTest.mousePress(paused.canvas, LEFT, pos=place(paused, 12))
    QTest.mouseMove(paused.canvas, place(paused, 14))
    QTest.mouseRelease(paused.canvas, LEFT, pos=place(paused, 14))
    click(paused, 12)
    sample = paused.canvas.sample
    assert [unpack(mime) for mime in carried] == [sample]
    paused.inspector.menu.keyframe.trigger()
    assert paused.player.state.timeline.keyframes == (sample,)
    with qtbot.waitSignal(paused.favourites.notified):
        QTest.keyClick(paused.canvas, Key.Key_D, CTRL | SHIFT)
    show(paused, qtbot, lambda state: state.with_mode("path"))
    np.testing.assert_array_equal(pixels(paused)[0], shown)
    show(paused, qtbot, lambda state: state.with_mode("grid").with_seed(50))
    qtbot.waitUntil(lambda: paused.favourites.list.count() == 1)
    item = paused.favourites.list.item(0)
    assert item.text() == "Between seeds 5 and 6"
    paused.favourites.list.itemClicked.emit(item)
    wait_for_the_picture(qtbot, paused)
    np.testing.assert_array_equal(pixels(paused), shown[None])


def test_a_copied_cell_carries_the_recipe_of_what_is_shown(paused: Window, qtbot: QtBot, tmp_path: Path) -> None:
    shown = pixels(paused)[12]
    click(paused, 12)
    sample = paused.canvas.sample
    with qtbot.waitSignal(paused.copier.notified):
        paused.inspector.menu.copy.trigger()
    path = tmp_path / "pasted.png"
    path.write_bytes(bytes(QGuiApplication.clipboard().mimeData().data("image/png").data()))
    QGuiApplication.clipboard().clear()
    assert read_recipe(path).state.locks == ((0, sample),)
    with qtbot.waitSignal(paused.restorer.notified):
        drop_file(paused, path)
    wait_for_the_picture(qtbot, paused)
    np.testing.assert_array_equal(pixels(paused), shown[None])


def test_the_large_view_names_what_it_shows(paused: Window, qtbot: QtBot) -> None:
    view = paused.inspector.view
    QTest.mouseDClick(paused.canvas, LEFT, pos=place(paused, 12))
    assert (view.name.text(), view.origin.text(), view.class_name.text()) == ("2", "seeds 5 and 6", "2")
    assert not view.seed.isVisible()
    assert not view.index.isVisible()
    shown = pixels(paused)[12]
    assert view.picture.frame is not None
    QTest.mouseClick(view.lock, LEFT)
    wait_for_the_picture(qtbot, paused)
    np.testing.assert_array_equal(view.picture.frame.pixels[0], shown)
    QTest.keyClick(view, Key.Key_Escape)
    QTest.keyClick(paused.canvas, Key.Key_Right)
    wait_for_the_picture(qtbot, paused)
    QTest.mouseDClick(paused.canvas, LEFT, pos=place(paused, 11))
    assert view.seed.isVisible()
    assert (view.seed.text(), view.index.text()) == ("6", "11")
    assert not view.origin.isVisible()


@pytest.mark.parametrize("state", [MORPH, BLEND], ids=["morph", "blend"])
def test_half_way_a_keyframe_is_what_is_shown(
    state: ViewState, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    show(window, qtbot, lambda before: replace(before, mode=state.mode, timeline=state.timeline, pad=state.pad))
    show(window, qtbot, lambda before: replace(before, position=state.position))
    shown = pixels(window)
    click(window, 0)
    assert canvas_caption(window).startswith("between 4 and 7")
    QTest.keyClick(window.canvas, Key.Key_Return)
    assert window.inspector.view.name.text() == "4, 7"
    assert window.inspector.view.class_name.text() == "between 4 and 7"
    QTest.mouseClick(window.inspector.view.keyframe, LEFT)
    QTest.keyClick(window.inspector.view, Key.Key_Escape)
    keyframes = window.player.state.timeline.keyframes
    assert len(keyframes) == len(state.timeline.keyframes) + 1
    show(window, qtbot, lambda before: before.with_mode("path").with_position(float(len(keyframes) - 1)))
    np.testing.assert_array_equal(pixels(window), shown)
    click(window, 0)
    assert canvas_caption(window).startswith("between 4 and 7")
    sample = window.canvas.sample
    assert sample == keyframes[-1]
    show(window, qtbot, lambda before: before.with_mode("grid").locked(3, sample))
    np.testing.assert_array_equal(pixels(window)[3], shown[0])


def test_a_corner_of_the_pad_takes_a_picture_between_samples(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    show(window, qtbot, lambda before: replace(before, mode="pad", pad=BLEND.pad))
    click(window, 0)
    shown, sample = pixels(window), window.canvas.sample
    assert isinstance(sample, Sample)
    show(window, qtbot, lambda before: before.with_pad(before.pad.with_corner(3, sample).with_point(1.0, 1.0)))
    np.testing.assert_array_equal(pixels(window), shown)
    assert canvas_caption(window).startswith("between 4 and 7")


def test_the_seed_says_that_the_walk_has_left_it(paused: Window, qtbot: QtBot) -> None:
    position = paused.player.state.position
    assert paused.seed.edit.text() == "5"
    assert paused.seed.value.text() == f"{int(position * 100)} % on to the next"
    QTest.mouseClick(paused.seed.previous, LEFT)
    assert paused.player.state.seed == 5, "the seed that the walk came from"
    assert paused.seed.value.text() == ""
    QTest.mouseClick(paused.seed.previous, LEFT)
    assert paused.player.state.seed == 4


@pytest.mark.parametrize("key", [Key.Key_R, Key.Key_7, Key.Key_Right, Key.Key_Space])
def test_a_locked_favourite_says_so_and_can_be_unlocked(
    key: Qt.Key, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    click(window, 12)
    with qtbot.waitSignal(window.favourites.notified):
        QTest.keyClick(window.canvas, Key.Key_D, CTRL | SHIFT)
    qtbot.waitUntil(lambda: window.favourites.list.count() == 1)
    window.favourites.list.itemClicked.emit(window.favourites.list.item(0))
    assert window.message.text.text() == "This cell is locked, so that other seeds and classes do not change it."
    assert window.message.offer.text() == "Unlock"
    window.message.dismiss()
    QTest.keyClick(window.canvas, key)
    assert window.message.isVisible()
    assert window.message.text.text() == "This cell is locked: it keeps its picture."
    QTest.mouseClick(window.message.offer, LEFT)
    assert not window.player.state.locks
    window.message.dismiss()
    QTest.keyClick(window.canvas, Key.Key_R)
    assert not window.message.isVisible()


def test_keyframes_of_letters_are_left_out_of_digits_with_a_message(
    tmp_path: Path, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    letters = write_model(tmp_path / "letters.onnx", GeneratorInfo(6, "normal", tuple("abcdefghij7"), 1, 12, 12))
    window = open_window(letters)
    for cell in (0, 9, 10):
        click(window, cell)
        window.inspector.menu.keyframe.trigger()
    assert [key.label for key in window.player.state.timeline.keyframes] == [0, 9, 10]
    with qtbot.waitSignal(window.player.notified):
        window.open(models["digits"])
    assert "2 keyframes were left out" in window.message.text.text()
    assert [key.label for key in window.player.state.timeline.keyframes] == [7], "both know a 7"
    wait_for_the_picture(qtbot, window)
    window.editor.stack.undo()
    assert window.player.state.timeline.keyframes == (), "and undo brings back no letter as a digit"
