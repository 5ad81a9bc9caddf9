"""The menu of a cell."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, locked, place, state
from viewer.core.files.as_python import as_python
from viewer.ui.canvas.cell_menu import CellMenu
from viewer.ui.window import Window


def menu(window: Window, cell: int) -> CellMenu:
    """Click a cell with the right button."""
    at = place(window, cell)
    mouse = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(window.canvas, QContextMenuEvent(mouse, at, window.canvas.mapToGlobal(at)))
    opened = window.inspector.menu
    assert opened.isVisible()
    opened.hide()
    return opened


def test_everything_can_be_done_with_a_cell(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    menu(window, 3).lock.trigger()
    assert locked(window) == [3]
    assert menu(window, 3).lock.text().startswith("Unlock")
    menu(window, 4).large.trigger()
    assert window.inspector.view.isVisible()
    window.inspector.view.close_cell()
    with qtbot.waitSignal(window.copier.notified):
        menu(window, 5).copy.trigger()
    assert window.message.text.text() == "Copied the cell and its recipe."
    menu(window, 5).python.trigger()
    frame, model = window.canvas.frame, window.player.model
    assert frame is not None
    assert model is not None
    assert frame.scene.y is not None
    program = as_python(model.path, model.info, frame.scene.z[5], frame.scene.y[5])
    assert QGuiApplication.clipboard().text() == program
    QGuiApplication.clipboard().clear()
    menu(window, 5).keyframe.trigger()
    assert [key.index for key in state(window).timeline.keyframes] == [5]
    with qtbot.waitSignal(window.favourites.notified):
        menu(window, 6).keep.trigger()
    menu(window, 7).only.trigger()
    assert state(window).digits == (7,)


def test_morph_and_blend_begin_at_a_cell(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.frame_ready):
        menu(window, 63).morph.trigger()
    assert state(window).mode == "path"
    assert [key.index for key in state(window).timeline.keyframes] == [63, 0], "two samples can morph"
    assert state(window).playing
    window.editor.stack.undo()
    qtbot.waitUntil(lambda: window.canvas.frame is not None and len(window.canvas.frame.pixels) == 64)
    with qtbot.waitSignal(window.player.frame_ready):
        menu(window, 2).blend.trigger()
    assert state(window).mode == "pad"
    assert [corner.index for corner in state(window).pad.corners] == [2, 3, 4, 5]


def test_a_generator_without_classes_has_none_to_show(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["free"])
    opened = menu(window, 0)
    assert not opened.only.isVisible()
    assert opened.morph.isVisible()
