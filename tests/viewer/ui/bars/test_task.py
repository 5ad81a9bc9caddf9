"""The strip that runs an export."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from digitforge.errors import ExportError
from tests.support.windows import LEFT, OpenWindow, sheet_of
from viewer.core.files import Report


def test_cancelling_leaves_nothing_and_the_window_goes_on(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window, "animation")
    sheet.animations.keyframes.slider.setValue(64)
    sheet.animations.seconds.slider.setValue(50)
    with qtbot.waitSignal(window.task.bar.valueChanged):
        sheet.write(tmp_path / "long.gif")
    assert window.task.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert window.player.state.digits == (4,)
    QTest.mouseClick(window.task.stop_button, LEFT)
    qtbot.waitUntil(lambda: window.task.isHidden())
    assert not window.task.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_closing_the_window_stops_what_is_being_written(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window, "animation")
    sheet.animations.keyframes.slider.setValue(64)
    sheet.animations.seconds.slider.setValue(50)
    with qtbot.waitSignal(window.task.bar.valueChanged):
        sheet.write(tmp_path / "long.png")
    window.close()
    assert window.task.isHidden()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    (tmp_path / "file").touch()
    sheet = sheet_of(window)
    with qtbot.waitSignal(window.task.failed):
        sheet.write(tmp_path / "file" / "grid.png")
    assert window.message.isVisible()
    assert "could not be written: file exists." in window.message.text.text()
    qtbot.waitUntil(lambda: window.task.isHidden())


def test_one_export_at_a_time(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    go_on = Event()

    def work(report: Report) -> str:
        go_on.wait(10)
        raise ExportError("The first one.")

    window.task.run("first", work)
    with qtbot.waitSignal(window.task.failed) as refused:
        window.task.run("second", work)
    assert refused.args == ["Another export is running. Wait until it is done, or cancel it."]
    with qtbot.waitSignal(window.task.failed) as failed:
        go_on.set()
    assert failed.args == ["The first one."]
    qtbot.waitUntil(lambda: window.task.isHidden())
