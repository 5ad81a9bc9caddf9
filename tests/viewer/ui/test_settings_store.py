"""What is remembered from one window to the next; recent generators; the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from viewer.core.files.settings import Settings
from viewer.core.picture.look import Look
from viewer.core.picture.palette import DARK, LIGHT
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.dialogs.settings import SettingsDialog
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton


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


def test_settings_are_written_at_once(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    path = window.settings._path
    assert path is not None
    qtbot.waitUntil(path.is_file)
    assert "digits.onnx" in path.read_text()


def test_resetting_forgets_and_can_be_undone(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.settings.change(theme="light", hint=False)
    changed = window.settings.current
    QTest.mouseClick(settings_dialog(window).reset, LEFT)
    assert window.settings.current == Settings()
    assert theme.WINDOW.name() == DARK.window
    QTest.mouseClick(window.message.offer, LEFT)
    assert window.settings.current == changed
    assert theme.WINDOW.name() == LIGHT.window
    window.settings.change(theme="dark")


def test_damaged_settings_are_a_sentence_in_the_window(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    first = open_window(models["digits"])
    first.close()
    assert first.settings._path is not None
    first.settings._path.write_text("{")
    window = Window(Player("cpu"))
    qtbot.addWidget(window)
    assert "are damaged and begin anew" in window.message.text.text()
    window.close()


def test_without_a_file_nothing_is_written(models: dict[str, Path], qtbot: QtBot, own_data: Path) -> None:
    window = Window(Player("cpu"), remember=False)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.player.frame_ready):
        window.open(models["digits"])
    window.close()
    assert not list(own_data.rglob("settings.json"))
    assert window.hint.isHidden()


def test_recent_generators_are_opened_and_those_that_are_gone_are_not(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.onnx"
    gone.write_bytes(models["other"].read_bytes())
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        window.open(gone)
    gone.unlink()
    window.recent.aboutToShow.emit()
    offered = {action.text(): action for action in window.recent.actions()}
    missing = next(action for text, action in offered.items() if text.endswith("gone.onnx (gone)"))
    assert not missing.isEnabled()
    with qtbot.waitSignal(window.player.opened):
        next(action for text, action in offered.items() if text.endswith("/digits.onnx")).trigger()
    assert window.player.model is not None
    assert window.player.model.path == models["digits"]
    offered["Clear this list"].trigger()
    window.recent.aboutToShow.emit()
    assert "The bundled generator" in {action.text() for action in window.recent.actions()}
    assert window.settings.current.recent == ()


def test_the_hint_goes_for_good_once_one_thing_was_tried(models: dict[str, Path], open_window: OpenWindow) -> None:
    first = open_window(models["digits"])
    assert first.hint.isVisible()
    first.editor.edit("truncation", lambda state: state.with_truncation(0.5))
    assert first.hint.isVisible()
    QTest.keyClick(first.canvas, Qt.Key.Key_R)
    assert not first.hint.isVisible()
    first.close()
    assert not open_window(models["digits"]).hint.isVisible()


def test_the_hint_can_be_closed(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(window.hint.write, LEFT)
    assert window.player.state.mode == "number"
    assert window.hint.isVisible(), "nothing was written yet"
    QTest.mouseClick(window.hint.close_button, LEFT)
    assert not window.hint.isVisible()
    assert not window.settings.current.hint


def test_the_settings_can_be_reached_by_key(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.findChildren(QPushButton)[-1].click()
    assert not dialog.isVisible()
