"""Dark and light, chosen or the system's, at run time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QStyleHints
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.picture.palette import DARK, LIGHT
from viewer.ui import theme
from viewer.ui.widgets.icons import _DRAWINGS, icon
from viewer.ui.window import Window

UI = Path(theme.__file__).parent


@pytest.fixture(autouse=True)
def dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply(qapp)


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
        """What the canvas looks like once the system has turned dark or light; offscreen has none of its own."""
        monkeypatch.setattr(QStyleHints, "colorScheme", lambda _: scheme)
        qapp.styleHints().colorSchemeChanged.emit(scheme)
        return window.canvas.grab().toImage().pixelColor(1, 1).name()

    window.settings.change(theme="system")
    assert turn(Qt.ColorScheme.Light) == LIGHT.canvas
    assert turn(Qt.ColorScheme.Dark) == DARK.canvas
    assert turn(Qt.ColorScheme.Light) == LIGHT.canvas
    window.settings.change(theme="dark")
    assert turn(Qt.ColorScheme.Light) == DARK.canvas, "who chose a theme keeps it"


def test_icons_follow_the_theme_and_their_button(qapp: QApplication, qtbot: QtBot) -> None:
    one = icon("close", theme.TEXT, theme.ACCENT)
    button = QPushButton()
    qtbot.addWidget(button)
    button.setIcon(one)

    def shown(mode: QIcon.Mode, state: QIcon.State) -> QColor:
        return one.pixmap(QSize(96, 96), mode, state).toImage().pixelColor(48, 48)

    for palette in (DARK, LIGHT):
        theme.apply(qapp, palette)
        assert shown(QIcon.Mode.Normal, QIcon.State.Off).name() == palette.text
        assert shown(QIcon.Mode.Normal, QIcon.State.On).name() == palette.accent
        assert shown(QIcon.Mode.Disabled, QIcon.State.Off).name() == palette.faint


def test_a_copied_icon_outlives_the_original(qapp: QApplication) -> None:
    copy = QIcon(icon("play"))
    copy.addPixmap(icon("pause").pixmap(16))  # makes Qt clone the engine
    for _ in range(50):
        assert not QIcon(copy).pixmap(24).isNull()


@pytest.mark.parametrize("name", _DRAWINGS)
def test_every_icon_draws_something_within_its_square(qapp: QApplication, name: str) -> None:
    image = icon(name).pixmap(48).toImage()
    inked = [(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha()]
    assert len(inked) > 40
    assert all(0 < place < 47 for pair in inked for place in pair)


def test_no_colour_is_named_outside_the_palette() -> None:
    named = [
        f"{file.name}: {found}"
        for file in UI.glob("*.py")
        for found in re.findall(r"#[0-9a-fA-F]{6}\b|GlobalColor\.(?!transparent)\w+", file.read_text(encoding="utf-8"))
    ]
    assert not named
