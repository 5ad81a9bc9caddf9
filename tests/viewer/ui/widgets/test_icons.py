"""Icons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from viewer.core.picture.palette import DARK, LIGHT
from viewer.ui import theme
from viewer.ui.widgets.icons import _DRAWINGS, icon


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
