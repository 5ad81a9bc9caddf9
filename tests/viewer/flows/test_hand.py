"""Writing a number in a hand of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from export.runtime.generator import open_generator
from tests.support.windows import LEFT, OpenWindow, drop_file, place, state, wait_for_the_picture
from viewer.core.files.saving import Subject, copied
from viewer.core.picture.look import PAPER
from viewer.core.state.view_state import MODES
from viewer.ui import theme
from viewer.ui.canvas.cell_menu import CellMenu
from viewer.ui.panels.hand import SIDE
from viewer.ui.widgets.qimage import thumbnail
from viewer.ui.window import Window


@pytest.fixture
def window(open_window: OpenWindow, models: dict[str, Path]) -> Window:
    return open_window(models["digits"])


def menu(window: Window, cell: int) -> CellMenu:
    """Click a cell with the right button."""
    at = place(window, cell)
    mouse = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(window.canvas, QContextMenuEvent(mouse, at, window.canvas.mapToGlobal(at)))
    window.inspector.menu.hide()
    return window.inspector.menu


def write(window: Window, qtbot: QtBot) -> None:
    QTest.mouseClick(window.rail.group.button(MODES.index("number")), LEFT)
    wait_for_the_picture(qtbot, window)


def test_pictures_of_the_grid_write_a_number(window: Window, qtbot: QtBot) -> None:
    menu(window, 2).hand.trigger()
    assert window.message.text.text() == "Write now uses your hand: 1 picture."
    menu(window, 12).hand.trigger()
    menu(window, 6).hand.trigger()
    two, other_two, six = state(window).number.drawn
    write(window, qtbot)
    assert window.number.hand.text() == "Your hand"
    assert window.player.frame is not None
    written = window.player.frame.scene.samples
    assert (written[0], written[2], written[3]) == (two, other_two, six)
    assert written[1].origin == "your hand"
    pictures = [one for one in window.number.drawn.buttons if one.isVisible()]
    qtbot.waitUntil(lambda: all(not one.icon().isNull() for one in pictures))
    assert [one.accessibleName() for one in pictures] == [f"Take {name} out of your hand" for name in "226"]
    QTest.mouseClick(pictures[1], LEFT)
    assert state(window).number.drawn == (two, six)
    QTest.mouseClick(window.number.next, LEFT)
    assert state(window).number.drawn == ()
    assert window.number.hand.text() == "Hand 1"
    assert not window.number.drawn.isVisible()
    for hand in ((two, six), (two, other_two, six)):
        window.editor.stack.undo()
        assert state(window).number.drawn == hand


def test_its_pictures_follow_the_look(window: Window, qtbot: QtBot) -> None:
    menu(window, 2).hand.trigger()
    write(window, qtbot)
    view = window.number.drawn
    qtbot.waitUntil(lambda: not view.buttons[0].icon().isNull())
    QTest.mouseClick(window.look.swatches["ink"], LEFT)
    pixels = view._previews.pixels
    assert pixels is not None
    side = theme.px(SIDE)
    assert view.buttons[0].icon().pixmap(side).toImage() == thumbnail(pixels[0], side, PAPER).toImage()


def test_a_variation_moves_every_place_and_is_undone(window: Window, qtbot: QtBot) -> None:
    write(window, qtbot)
    before = state(window)
    assert window.player.frame is not None
    pixels = window.player.frame.pixels
    assert np.array_equal(pixels[0], pixels[2]), "two equal characters of a hand are copies"
    window.number.variation.slider.setValue(30)
    assert state(window).number.variation == 0.3
    wait_for_the_picture(qtbot, window)
    varied = window.player.frame.pixels
    assert not np.array_equal(varied[0], varied[2])
    window.editor.stack.undo()
    assert state(window) == before


def test_a_recipe_restores_the_hand_to_the_bit(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    menu(window, 2).hand.trigger()
    menu(window, 6).hand.trigger()
    window.number.variation.slider.setValue(10)
    write(window, qtbot)
    before, picture = state(window), window.player.frame
    assert picture is not None
    assert window.player.model is not None
    path = tmp_path / "written.png"
    subject = Subject(window.player.model, before, window.player.directions)
    path.write_bytes(copied(open_generator(window.player.model.path, "cpu"), subject))
    QTest.mouseClick(window.number.any, LEFT)
    wait_for_the_picture(qtbot, window)
    with qtbot.waitSignal(window.restorer.notified):
        drop_file(window, path)
    assert state(window) == before
    wait_for_the_picture(qtbot, window)
    assert window.player.frame is not None
    assert np.array_equal(window.player.frame.picture, picture.picture)


def test_what_the_hand_writes_is_a_sample_like_any_other(window: Window, qtbot: QtBot) -> None:
    menu(window, 2).hand.trigger()
    menu(window, 6).hand.trigger()
    write(window, qtbot)
    assert window.player.frame is not None
    nought = window.player.frame.scene.samples[1]
    menu(window, 1).keyframe.trigger()
    assert state(window).timeline.keyframes == (nought,)


def test_a_generator_without_classes_has_no_hand(
    open_window: OpenWindow, models: dict[str, Path], qtbot: QtBot
) -> None:
    window = open_window(models["free"])
    assert not menu(window, 2).hand.isVisible()
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    wait_for_the_picture(qtbot, window)
    assert menu(window, 2).hand.isVisible()
