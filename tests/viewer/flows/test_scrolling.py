"""The side column scrolls, and nothing else changes by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QSlider, QWidget
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, sheet_of
from viewer.ui.window import Window


def turn_wheel(widget: QWidget, steps: int) -> None:
    """Turn the wheel over the middle of a widget; away from the user is positive.

    Qt offers only real events to the parents of a widget that ignores them, so this does it.
    """
    receiver: QWidget | None = widget
    while receiver is not None:
        middle = QPointF(widget.mapTo(receiver, widget.rect().center()))
        event = QWheelEvent(
            middle,
            receiver.mapToGlobal(middle),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        if QApplication.sendEvent(receiver, event) and event.isAccepted():
            return
        receiver = receiver.parentWidget()


def controls_of(widget: QWidget) -> list[QSlider | QComboBox | QAbstractSpinBox]:
    """Return what the wheel can change."""
    return [
        *widget.findChildren(QSlider),
        *widget.findChildren(QComboBox),
        *widget.findChildren(QAbstractSpinBox),
    ]


def value_of(control: QSlider | QComboBox | QAbstractSpinBox) -> int | str:
    if isinstance(control, QSlider):
        return control.value()
    return control.currentIndex() if isinstance(control, QComboBox) else control.text()


def make_low(window: Window, qtbot: QtBot) -> None:
    """Make the window so low that the column has to be scrolled, and wait until it is laid out."""
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.side.verticalScrollBar().maximum() > 30)
    QTest.qWait(20)


def test_the_wheel_over_a_slider_scrolls_the_column(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    make_low(window, qtbot)
    bar, state = window.side.verticalScrollBar(), window.player.state
    turn_wheel(window.truncation.slider, -1)
    assert bar.value() > 0
    assert window.player.state == state
    window.truncation.slider.setFocus(Qt.FocusReason.TabFocusReason)
    at = bar.value()
    turn_wheel(window.truncation.slider, -1)
    assert bar.value() == at
    assert window.player.state.truncation < state.truncation


@pytest.mark.parametrize("page", ["picture", "animation", "data"])
def test_no_control_without_focus_takes_the_wheel(models: dict[str, Path], open_window: OpenWindow, page: str) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window, page)
    controls = controls_of(window)
    assert len(controls) > len(controls_of(sheet)) > 0
    for control in controls:
        control.clearFocus()
        if isinstance(control, QComboBox):
            control.addItems(["one", "two"])
        before = value_of(control)
        for steps in (1, -1):
            turn_wheel(control, steps)
        assert value_of(control) == before, control.accessibleName()
        turn_wheel(control, -1)
        assert value_of(control) == before, control.accessibleName()
    sheet.close()


def test_every_mode_has_its_own_scroll_position(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    make_low(window, qtbot)
    bar = window.side.verticalScrollBar()
    bar.setValue(bar.maximum())
    at = bar.value()
    assert at > 0
    QTest.mouseClick(window.rail.group.button(3), LEFT)
    qtbot.waitUntil(lambda: bar.value() == 0)
    assert window.number.isVisible()
    assert not window.number.edit.visibleRegion().isEmpty()
    QTest.mouseClick(window.rail.group.button(0), LEFT)
    qtbot.waitUntil(lambda: bar.value() == at)
