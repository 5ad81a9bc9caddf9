"""Settings that are kept between sessions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow
from viewer.core.picture.look import PAPER, PLAIN, Look
from viewer.core.picture.palette import DARK, LIGHT
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.dialogs.settings import SettingsDialog
from viewer.ui.window import Window


def settings_dialog(window: Window) -> SettingsDialog:
    window.menu.show_settings()
    return window.findChildren(SettingsDialog)[-1]


def test_theme_look_place_and_files_come_back(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    first = open_window(models["digits"])
    assert not first.settings.restore_geometry(first), "a first window has stood nowhere yet"
    first.resize(790, 702)
    first.editor.edit("look", lambda state: state.with_look(Look(colour_map="ice")))
    QTest.mouseClick(settings_dialog(first).theme.button("light"), LEFT)
    assert theme.WINDOW.name() == LIGHT.window
    first.close()
    second = open_window(models["other"])
    assert theme.WINDOW.name() == LIGHT.window
    assert second.player.state.look == Look(colour_map="ice")
    assert not second.editor.stack.canUndo(), "it begins like this"
    assert second.settings.restore_geometry(second)
    assert (second.width(), second.height()) == (790, 702)
    assert [Path(one).stem for one in second.settings.current.recent] == ["other", "digits"]
    second.settings.change(theme="system")
    assert theme.WINDOW.name() == DARK.window


def test_a_window_that_stood_on_a_screen_that_is_gone_opens_on_one_that_is_there(
    models: dict[str, Path], open_window: OpenWindow
) -> None:
    first = open_window(models["digits"])
    first.move(9000, 7000)
    first.close()
    second = open_window(models["digits"])
    assert second.settings.restore_geometry(second)
    assert second.screen().geometry().contains(second.geometry().topLeft())


def test_settings_are_written_at_once(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    path = window.settings._path
    assert path is not None
    qtbot.waitUntil(path.is_file)
    assert "digits.onnx" in path.read_text()


def test_damaged_settings_are_a_message(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    first = open_window(models["digits"])
    first.close()
    assert first.settings._path is not None
    first.settings._path.write_text("{")
    window = Window(Player("cpu"))
    qtbot.addWidget(window)
    assert "are damaged and were reset" in window.message.text.text()
    window.close()


def test_without_a_file_nothing_is_written(models: dict[str, Path], qtbot: QtBot, own_data: Path) -> None:
    window = Window(Player("cpu"), remember=False)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.player.frame_ready):
        window.open(models["digits"])
    window.close()
    assert not list(own_data.rglob("settings.json"))
    assert window.hint.isHidden()


def test_the_light_theme_shows_ink_on_paper(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    assert window.player.state.look == PLAIN
    window.settings.change(theme="light")
    assert window.player.state.look == PAPER
    window.settings.change(theme="dark")
    assert window.player.state.look == PLAIN
    chosen = Look(colour_map="ice")
    window.editor.edit("look", lambda state: state.with_look(chosen))
    window.settings.change(theme="light")
    assert window.player.state.look == chosen, "who chose a look keeps it"
    window.settings.change(theme="dark")
