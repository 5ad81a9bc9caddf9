"""Every control has a name and can be reached by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    QPushButton,
    QScrollBar,
    QSlider,
    QWidget,
    QWidgetItem,
)
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from digitforge.bundled import BUNDLED_MODEL
from tests.support.windows import OpenWindow, sheet_of
from viewer.core.picture.palette import DARK, LIGHT, Palette
from viewer.core.state.view_state import MODES
from viewer.ui import theme
from viewer.ui.dialogs.settings import SettingsDialog
from viewer.ui.widgets.tab_order import move_focus
from viewer.ui.window import Window

CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit)


def reachable(window: Window) -> list[QWidget]:
    """Return the widgets that Tab reaches, in order."""
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
    """Return the controls that can be used now."""
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
def test_tab_reaches_every_control_and_each_has_a_name(
    models: dict[str, Path], open_window: OpenWindow, mode: str
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_mode(mode))
    window.favourites.toggle.setChecked(True)
    window.message.show_error("It failed.", ("Mend it", window.message.dismiss))
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


def test_a_tooltip_says_in_a_sentence_what_each_control_does(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    settings = SettingsDialog(window, window.settings)
    folds = (window.directions.toggle, window.favourites.toggle, window.interpolation.more)
    for fold in folds:
        fold.setChecked(True)
    poor = []
    for holder in (window, sheet, settings):
        for one in holder.findChildren(QWidget):
            passing = isinstance(one, QScrollBar) or one.window().windowType() == Qt.WindowType.Popup
            if not isinstance(one, CONTROLS) or passing or one is window.message.offer:
                continue
            if len(one.toolTip().split()) < 3:
                poor.append(f"{type(one).__name__} {one.accessibleName()!r}: {one.toolTip()!r}")
    assert not poor, "\n".join(poor)


def regions(window: Window) -> list[QWidget]:
    """Return the parts of the window from left to right, from top to bottom."""
    pictures = (window.drawer.sheet, window.mapping.view, window.canvas, window.message)
    bars = (window.drawer.verdict, window.compare, window.tour, window.hint, window.timeline, window.watch)
    return [window.header, window.rail, *pictures, *bars, window.training, window.side, window.status]


def test_tab_leaves_no_python_objects_of_layout_items(open_window: OpenWindow) -> None:
    def items() -> int:
        return sum(isinstance(one, QWidgetItem) for one in Shiboken.getAllValidWrappers())

    window = open_window(BUNDLED_MODEL)
    before = items()
    assert move_focus(window, forward=True)
    assert items() == before, "Shiboken takes one for a widget that Qt later puts in its place, and crashes"


@pytest.mark.parametrize("mode", MODES)
def test_tab_goes_through_the_window_as_it_is_read(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, mode: str
) -> None:
    window = open_window(models["colour"])
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])  # which makes the buttons of the classes anew
    window.player.apply(window.player.state.with_mode(mode))
    window.favourites.toggle.setChecked(True)
    window.message.show_error("It failed.", ("Mend it", window.message.dismiss))
    window.activateWindow()
    window.header.buttons[2].setFocus()
    QApplication.processEvents()
    walked = reachable(window)
    walked = walked[-1:] + walked[:-1]  # from where it began
    parts = regions(window)
    panels = sorted(window.panels, key=lambda panel: panel.y())

    def place(one: QWidget) -> tuple[int, int]:
        part = next(number for number, part in enumerate(parts) if part is one or part.isAncestorOf(one))
        panel = next((number for number, panel in enumerate(panels) if panel.isAncestorOf(one)), 0)
        return part, panel

    places = [place(one) for one in walked]
    until = places.index(max(places)) + 1
    assert places[:until] == sorted(places[:until])
    assert until == len(walked), "then it starts again at the top"
    if mode == "grid":
        names = [one.accessibleName() for one in walked]
        assert names.index("All classes, mixed") < names.index("Seed")


def test_shift_and_tab_go_back(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.activateWindow()
    window.canvas.setFocus()
    walked = reachable(window)
    back = []
    for _ in walked:
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Backtab)
        back.append(QApplication.focusWidget())
    assert back == walked[::-1]


@pytest.mark.parametrize("palette", [DARK, LIGHT])
@pytest.mark.parametrize("mode", MODES)
def test_the_focus_can_be_seen_wherever_tab_goes(
    models: dict[str, Path], open_window: OpenWindow, qapp: QApplication, mode: str, palette: Palette
) -> None:
    window = open_window(models["digits"])
    theme.apply(qapp, palette)
    window.player.apply(window.player.state.with_mode(mode))
    window.favourites.toggle.setChecked(True)
    window.activateWindow()
    window.canvas.setFocus()
    QApplication.processEvents()
    for one in reachable(window):
        one.setFocus(Qt.FocusReason.TabFocusReason)
        focused = one.grab().toImage()
        one.clearFocus()
        assert one.grab().toImage() != focused, one.accessibleName()


def test_the_large_view_takes_the_place_of_the_canvas(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.activateWindow()
    window.canvas.opened.emit(3)
    walked = reachable(window)
    assert window.canvas not in walked
    assert window.inspector.view.close_button in walked
    QTest.keyClick(window.inspector.view, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()
    assert window.canvas in reachable(window)


@pytest.mark.parametrize("page", ["picture", "animation"])
def test_a_double_click_resets_every_slider_of_the_sheet(
    models: dict[str, Path], open_window: OpenWindow, page: str
) -> None:
    sheet = sheet_of(open_window(models["digits"]), page)
    for one in sheet.page.findChildren(QSlider):
        assert one.toolTip().endswith("double-click to reset")
        before = one.value()
        one.setValue(one.maximum() if before < one.maximum() else one.minimum())
        QTest.mouseDClick(one, Qt.MouseButton.LeftButton, pos=one.rect().center())
        assert one.value() == before, one.accessibleName()


def test_a_double_click_resets_every_slider_of_the_window(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.directions.toggle.setChecked(True)
    before = window.player.state
    sliders = [one for one in window.side.findChildren(QSlider) if one.isVisible()]
    assert len(sliders) > 3
    for one in sliders:
        assert one.toolTip().endswith("double-click to reset")
        QTest.keyClick(one, Qt.Key.Key_End)
        QTest.mouseDClick(one, Qt.MouseButton.LeftButton, pos=one.rect().center())
        assert window.player.state == before, one.accessibleName()


def test_every_control_has_a_name_and_takes_the_focus(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    controls: list[QWidget] = [*window.findChildren(QPushButton), *window.findChildren(QSlider), window.seed.edit]
    for control in controls:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_every_control_of_the_sheet_has_a_name_and_takes_the_focus(
    models: dict[str, Path], open_window: OpenWindow
) -> None:
    sheet = sheet_of(open_window(models["digits"]))
    controls: list[Any] = [*sheet.findChildren(QPushButton), *sheet.findChildren(QSlider)]
    assert len(controls) > 20
    for control in controls:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
