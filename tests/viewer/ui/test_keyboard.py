"""Every control can be reached and has a name; the window fits small screens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from viewer.core.state import MODES
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit)


def reachable(window: Window) -> list[QWidget]:
    """What Tab comes by, in its order, once around."""
    found: list[QWidget] = []
    for _ in range(500):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in found:
            return found
        found.append(focused)
    raise AssertionError("Tab never comes around")


def controls(window: Window) -> list[QWidget]:
    """That a person could use now."""
    return [
        one
        for one in window.findChildren(QWidget)
        if isinstance(one, CONTROLS)
        and not isinstance(one, QScrollBar)
        and one.isVisible()
        and one.isEnabled()
        and not (isinstance(one.parentWidget(), QComboBox))
    ]


@pytest.mark.parametrize("mode", MODES)
def test_tab_comes_by_every_control_and_each_has_a_name(
    models: dict[str, Path], open_window: OpenWindow, mode: str
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_mode(mode))
    window.favourites.toggle.setChecked(True)
    window.message.complain("It failed.", ("Mend it", window.message.hide))
    window.activateWindow()
    window.canvas.setFocus()
    QApplication.processEvents()
    walked = reachable(window)
    unnamed = [repr(one) for one in walked if not one.accessibleName()]
    assert not unnamed
    groups = {one.group() for one in walked if isinstance(one, QAbstractButton) and one.group() is not None}
    missed = [
        f"{one.accessibleName()} ({type(one).__name__})"
        for one in controls(window)
        if one not in walked and not (isinstance(one, QAbstractButton) and one.group() in groups)
    ]
    assert not missed, "buttons of one group are reached by the arrow keys, everything else by Tab"
    assert all(one.toolTip() for one in walked if isinstance(one, QAbstractButton))


@pytest.mark.parametrize("mode", MODES)
def test_the_window_fits_a_small_screen(models: dict[str, Path], open_window: OpenWindow, mode: str) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_mode(mode))
    window.resize(900, 640)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 640)
    side = window.side.widget()
    assert side is not None
    for panel, modes in window.panels.items():
        if mode in modes:
            assert panel.width() <= window.side.viewport().width()
            assert panel.minimumSizeHint().width() <= panel.width(), panel.title.text()


def test_a_narrow_header_keeps_its_icons_alone(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])

    def texts() -> int:
        styles = [button.toolButtonStyle() for button in window.header.buttons]
        return styles.count(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    window.resize(1400, 800)
    QApplication.processEvents()
    wide = texts()
    assert wide >= 3
    window.header.resize(560, window.header.height())
    assert texts() == 0
    window.header.resize(1400, window.header.height())
    assert texts() == wide
