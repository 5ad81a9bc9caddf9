"""Messages, and their buttons."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, sheet_of, shown
from viewer.ui.window import Window


def _place(widget: QWidget, window: Window) -> QRect:
    return QRect(widget.mapTo(window, QPoint()), widget.size())


def test_a_missing_file_offers_to_open_another(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.failed):
        window.player.open(Path("nowhere.onnx"))
    assert window.message.offer.text() == "Open another…"
    monkeypatch.setattr("viewer.ui.actions.QFileDialog.getOpenFileName", lambda *_: (str(models["other"]), ""))
    with qtbot.waitSignal(window.player.opened):
        QTest.mouseClick(window.message.offer, LEFT)
    assert not window.message.isVisible()


def test_a_message_without_an_offer_has_no_button(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.message.show_error("It failed.", ("Do", window.message.dismiss))
    assert window.message.offer.isVisible()
    window.message.show_info("All is well.")
    assert not window.message.offer.isVisible()


def test_a_message_does_not_move_the_picture(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    place, picture = window.canvas.geometry(), shown(window.canvas)
    side = window.side.geometry()
    for show in (window.message.show_info, window.message.show_error):
        show("A long sentence that says what happened. " * 4, ("Mend it", window.message.dismiss))
        QApplication.processEvents()
        assert window.message.isVisible()
        assert (window.canvas.geometry(), window.side.geometry()) == (place, side)
        np.testing.assert_array_equal(shown(window.canvas), picture)
        canvas, box, button = (_place(one, window) for one in (window.canvas, window.message, window.message.offer))
        assert canvas.contains(box), "it is over the picture, and whole"
        assert box.contains(button)


def test_an_export_does_not_move_the_picture(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    place = window.canvas.geometry()
    go_on = Event()
    window.message.show_error("It failed.")
    window.task.run("a.gif", lambda _report: str(go_on.wait(10)))
    QApplication.processEvents()
    assert window.task.isVisible()
    assert window.canvas.geometry() == place
    assert not window.task.geometry().intersects(window.message.geometry())
    go_on.set()
    qtbot.waitUntil(lambda: window.task.isHidden())


def test_information_leaves_by_itself_and_an_error_stays(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.bars.message.INFORMATION_MS", 30)
    window = open_window(models["digits"])
    window.message.show_info("Copied.")
    qtbot.waitUntil(lambda: not window.message.isVisible())
    window.message.show_error("It failed.")
    window.message.show_info("Copied.")
    assert window.message.text.text() == "Copied."
    qtbot.waitUntil(lambda: window.message.text.text() == "It failed.")
    QTest.qWait(60)
    assert window.message.isVisible()


def test_information_stays_while_its_button_has_the_focus(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.bars.message.OFFER_MS", 30)
    monkeypatch.setattr("viewer.ui.bars.message.INFORMATION_MS", 30)
    window = open_window(models["digits"])
    window.activateWindow()
    window.message.show_info("Removed.", ("Undo", window.message.dismiss))
    window.message.offer.setFocus()
    QTest.qWait(100)
    assert window.message.isVisible()
    QTest.keyClick(window.message.offer, Qt.Key.Key_Escape)
    assert not window.message.isVisible()
    assert window.canvas.hasFocus()


@pytest.mark.parametrize("other", ["export", "generator compare"])
def test_only_a_success_of_the_same_kind_removes_an_error(
    models: dict[str, Path], open_window: OpenWindow, other: str
) -> None:
    window = open_window(models["digits"])
    window.message.show_error("It failed.", kind="favourites")
    window.message.settle(other)
    assert window.message.isVisible()
    window.favourites.notified.emit("Kept.", None)
    assert window.message.text.text() == "Kept."
    window.message.dismiss()
    assert not window.message.isVisible()


def test_an_exports_error_goes_with_the_next_export(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    (tmp_path / "file").touch()
    with qtbot.waitSignal(window.task.failed):
        sheet_of(window).write(tmp_path / "file" / "grid.png")
    qtbot.waitUntil(lambda: window.task.isHidden())
    with qtbot.waitSignal(window.player.opened):
        window.open(models["other"])
    assert "could not be written" in window.message.text.text(), "opening a generator mends no disk"
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    with qtbot.waitSignal(window.task.succeeded):
        sheet_of(window).write(tmp_path / "grid.png")
    assert "Saved" in window.message.text.text()
    qtbot.waitUntil(lambda: window.task.isHidden())
    window.message.dismiss()
    assert not window.message.isVisible()


def test_screen_readers_are_told(
    models: dict[str, Path], open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []
    window = open_window(models["digits"])
    monkeypatch.setattr(
        "viewer.ui.bars.message.QAccessible.updateAccessibility", lambda event: spoken.append(event.message())
    )
    window.message.show_error("It failed.")
    window.message.show_info("All is well.")
    assert spoken == ["It failed.", "All is well."]
    assert window.message.accessibleName() == "All is well."


def test_a_message_avoids_the_pointer(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.mouseMove(window.canvas, QPoint(40, 20))
    window.message.show_info("Copied the cell.")
    assert not window.message.underMouse()
    assert _place(window.message, window).top() > _place(window.canvas, window).center().y()
    assert _place(window.canvas, window).contains(_place(window.message, window))
    window.message.dismiss()
    QTest.mouseMove(window.canvas, window.canvas.rect().center())
    window.message.show_info("Copied the cell.")
    assert _place(window.message, window).top() < _place(window.canvas, window).center().y()
