"""The settings dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.support.windows import LEFT, OpenWindow
from viewer.core.files.settings import Settings
from viewer.core.picture.palette import DARK, LIGHT
from viewer.ui import theme
from viewer.ui.dialogs.settings import SettingsDialog
from viewer.ui.window import Window


def settings_dialog(window: Window) -> SettingsDialog:
    window.menu.show_settings()
    return window.findChildren(SettingsDialog)[-1]


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


def test_the_settings_can_be_reached_by_key(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.findChildren(QPushButton)[-1].click()
    assert not dialog.isVisible()
