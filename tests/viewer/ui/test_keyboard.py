"""Every control can be reached and has a name; the window fits small screens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

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

from viewer.core.state.view_state import MODES
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

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
    window.message.show_error("It failed.", ("Mend it", window.message.hide))
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


def test_so_does_a_run_that_is_compared(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    stages = [
        tmp_path / "a long name of a run" / "exports" / f"{images:012d}.onnx" for images in (1_000_000, 2_000_000)
    ]
    stages[0].parent.mkdir(parents=True)
    for stage in stages:
        stage.write_bytes(models["digits"].read_bytes())
    (stages[0].parent.parent / "log.jsonl").write_text('{"images": 2000000, "d_loss": 1.0}\n')
    window = open_window(stages[0].parent.parent)
    with qtbot.waitSignal(window.player.second_ready):
        window.open_beside(stages[0])
    window.resize(900, 640)
    QApplication.processEvents()
    assert window.watch.isVisible()
    assert window.compare.isVisible()
    assert (window.width(), window.height()) == (900, 640)
    assert window.header.height() == window.header.sizeHint().height()


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
