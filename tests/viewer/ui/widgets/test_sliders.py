"""Sliders: only what the user does emits a signal."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from viewer.ui.widgets.sliders import LabelledSlider, Slider


def test_what_is_shown_emits_nothing(qtbot: QtBot) -> None:
    slider = Slider(0, 10, "Size", "How large it is", 0)
    qtbot.addWidget(slider)
    slider.show_value(8)
    with qtbot.assertNotEmitted(slider.valueChanged):
        slider.show_value(9)
        slider.show_maximum(5)
    assert (slider.value(), slider.maximum()) == (5, 5)
    with qtbot.waitSignal(slider.valueChanged):
        slider.setValue(2)


def test_the_handle_goes_to_the_pointer(qtbot: QtBot) -> None:
    slider = Slider(0, 100, "Size", "How large it is", 0)
    qtbot.addWidget(slider)
    slider.resize(216, 22)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    assert abs(slider.value() - 50) <= 1


def test_a_double_click_or_the_menu_resets_one_slider(qtbot: QtBot) -> None:
    slider = Slider(0, 100, "Size", "How large it is", 30)
    qtbot.addWidget(slider)
    slider.resize(216, 22)
    QTest.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    assert slider.value() == 30
    slider.setValue(80)
    slider.actions()[0].trigger()
    assert slider.value() == 30


def test_what_the_slider_stands_for_is_reset_though_the_handle_is_there_already(qtbot: QtBot) -> None:
    slider = Slider(0, 100, "Size", "How large it is", 30)
    qtbot.addWidget(slider)
    slider.show_value(30)
    with qtbot.waitSignal(slider.valueChanged) as told:
        slider.actions()[0].trigger()
    assert told.args == [30]
    slider.show_rest(40)
    slider.actions()[0].trigger()
    assert slider.value() == 40


def test_the_text_follows_the_value(qtbot: QtBot) -> None:
    unit = "s"
    labelled = LabelledSlider("Time", "How long it takes", 1, 50, 10, lambda value: f"{value} {unit}")
    qtbot.addWidget(labelled)
    assert labelled._value.text() == "10 s"
    with qtbot.assertNotEmitted(labelled.changed):
        labelled.show_value(40)
        assert labelled._value.text() == "40 s"
        labelled.show_maximum(20)
    assert (labelled.value, labelled._value.text()) == (20, "20 s")
    with qtbot.waitSignal(labelled.changed):
        labelled.slider.setValue(3)
    unit = "ms"
    labelled.show_text()
    assert labelled._value.text() == "3 ms"
