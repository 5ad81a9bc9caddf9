"""Favourites: keeping, showing again, renaming, removing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListWidgetItem
from pytestqt.qtbot import QtBot

from viewer.ui.panels.favourites import Gallery
from viewer.ui.widgets.dragging import unpack
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def keep(window: Window, qtbot: QtBot) -> None:
    """Keep what is shown by key, and wait for its picture."""
    before = window.favourites.list.count()
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: window.favourites.list.count() == before + 1)


def click(gallery: Gallery, item: QListWidgetItem) -> None:
    QTest.mouseClick(gallery.viewport(), LEFT, pos=gallery.visualItemRect(item).center())


def test_a_favourite_is_shown_again_and_that_is_undone(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(77))
    keep(window, qtbot)
    kept = window.player.state
    window.editor.edit("digit", lambda state: state.with_seed(1).with_digits((4,)))
    other = window.player.state
    item = window.favourites.list.item(0)
    assert item.text() == "Seed 77"
    assert not item.icon().isNull()
    click(window.favourites.list, item)
    assert window.player.state == kept
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.player.state == other
    window.favourites.list.setFocus()
    window.favourites.list.setCurrentItem(item)
    QTest.keyClick(window.favourites.list, Qt.Key.Key_Return)
    assert window.player.state == kept


def test_a_cell_is_kept_by_itself_and_can_be_dragged(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    QTest.mouseMove(window.canvas, QPoint(5, 5))
    QTest.keyClick(window.canvas, Qt.Key.Key_Right, SHIFT)
    sample = window.canvas.sample
    assert sample is not None
    QTest.keyClick(window, Qt.Key.Key_D, CTRL | SHIFT)
    window.favourites.toggle.setChecked(True)
    qtbot.waitUntil(lambda: window.favourites.list.count() == 1)
    item = window.favourites.list.item(0)
    assert unpack(window.favourites.list.mimeData([item])) == sample
    click(window.favourites.list, item)
    assert window.player.state.locks == ((0, sample),)
    assert window.player.state.cells == 1


def test_renaming_and_removing(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path) -> None:
    window = open_window(models["digits"])
    keep(window, qtbot)
    gallery = window.favourites.list
    gallery.setCurrentRow(0)
    assert window.favourites.rename.isEnabled()
    QTest.mouseClick(window.favourites.rename, LEFT)
    editor = gallery.viewport().findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, "best: of/all")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: gallery.item(0).text() == "best of all")
    assert [path.stem for path in own_data.rglob("favourites/*.png")] == ["best of all"]
    gallery.setFocus()
    QTest.keyClick(gallery, Qt.Key.Key_Delete)
    assert gallery.count() == 0
    assert not list(own_data.rglob("favourites/*.png"))
    assert window.message.offer.text() == "Undo"
    QTest.mouseClick(window.message.offer, LEFT)
    assert gallery.item(0).text() == "best of all"
    assert list(own_data.rglob("favourites/*.png"))


def test_they_are_there_in_the_next_session_and_damaged_ones_are_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path
) -> None:
    first = open_window(models["digits"])
    keep(first, qtbot)
    first.close()
    folder = next(own_data.rglob("favourites"))
    (folder / "broken.png").write_bytes(b"no picture")
    second = open_window(models["digits"])
    QTest.mouseClick(second.favourites.toggle, LEFT)
    qtbot.waitUntil(lambda: second.favourites.list.count() == 1)
    assert "broken.png" in second.message.text.text()
    assert (folder / "broken.png").exists()


def test_one_of_another_generator_opens_that(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(8))
    keep(window, qtbot)
    with qtbot.waitSignal(window.player.opened):
        window.open(models["free"])
    window.editor.edit("seed", lambda state: replace(state, seed=1))
    with qtbot.waitSignal(window.player.opened):
        click(window.favourites.list, window.favourites.list.item(0))
    qtbot.waitUntil(lambda: window.player.state.seed == 8)
    assert window.player.model is not None
    assert window.player.model.path == models["digits"]


def test_a_folder_that_cannot_be_written_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, own_data: Path
) -> None:
    window = open_window(models["digits"])
    window.favourites._folder.parent.mkdir(parents=True, exist_ok=True)
    window.favourites._folder.write_text("in the way")
    with qtbot.waitSignal(window.player.failed):
        QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    assert "could not be written" in window.message.text.text()
    assert window.favourites.list.count() == 0
