"""Dark and light, chosen or the system's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStyleHints
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.picture.palette import DARK, LIGHT
from viewer.ui import theme
from viewer.ui.window import Window

UI = Path(theme.__file__).parent


def colours(widget: QWidget) -> set[str]:
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_a_window_changes_its_colours_while_it_is_open(
    models: dict[str, Path], open_window: Callable[..., Window], qapp: QApplication
) -> None:
    window = open_window(models["digits"])
    dresser = theme.ThemeController(qapp, "dark")
    dark = colours(window.header) | colours(window.rail)
    assert {DARK.window, DARK.text, DARK.accent} <= dark
    dresser.choose("light")
    light = colours(window.header) | colours(window.rail)
    assert {LIGHT.window, LIGHT.text, LIGHT.accent} <= light
    assert not {DARK.window, DARK.accent} & light
    assert window.canvas.grab().toImage().pixelColor(1, 1).name() == LIGHT.canvas
    dresser.choose("dark")
    assert colours(window.header) | colours(window.rail) == dark


def test_the_systems_theme_is_followed_while_the_window_is_open(
    models: dict[str, Path], open_window: Callable[..., Window], qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])

    def turn(scheme: Qt.ColorScheme) -> str:
        """Return the canvas after the system turned dark or light, which the offscreen platform cannot do by itself."""
        monkeypatch.setattr(QStyleHints, "colorScheme", lambda _: scheme)
        qapp.styleHints().colorSchemeChanged.emit(scheme)
        return window.canvas.grab().toImage().pixelColor(1, 1).name()

    window.settings.change(theme="system")
    assert turn(Qt.ColorScheme.Light) == LIGHT.canvas
    assert turn(Qt.ColorScheme.Dark) == DARK.canvas
    assert turn(Qt.ColorScheme.Light) == LIGHT.canvas
    window.settings.change(theme="dark")
    assert turn(Qt.ColorScheme.Light) == DARK.canvas, "who chose a theme keeps it"


def test_no_colour_is_named_outside_the_palette() -> None:
    named = [
        f"{file.name}: {found}"
        for file in UI.glob("*.py")
        for found in re.findall(r"#[0-9a-fA-F]{6}\b|GlobalColor\.(?!transparent)\w+", file.read_text(encoding="utf-8"))
    ]
    assert not named
