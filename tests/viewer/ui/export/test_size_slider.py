"""The size of an exported picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, export, sheet_of


def test_any_width_can_be_typed(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    knob = sheet.stills.size_slider
    assert (knob.width_edit.text(), knob.rest.text()) == ("1030", "× 1030 pixels (× 10)")
    QTest.keyClick(knob.slider, Qt.Key.Key_Left)
    assert (knob.width_edit.text(), knob.rest.text()) == ("927", "× 927 pixels (× 9)")
    for width, said in (
        ("", "The width must be between 1 and 8,192 pixels."),
        ("8193", "The width must be"),
        ("500", ""),
    ):
        knob.width_edit.selectAll()
        QTest.keyClick(knob.width_edit, Qt.Key.Key_Backspace)
        QTest.keyClicks(knob.width_edit, width)
        assert sheet.summary.text().startswith(said)
        assert sheet.export.isEnabled() == (not said)
    assert knob.slider.value() == 5, "the nearest"
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    assert knob.width_edit.text() == "500", "of one cell too"
    QTest.mouseClick(sheet.stills.part.button("all"), LEFT)
    export(window, tmp_path / "mine.png", qtbot, monkeypatch)
    with Image.open(tmp_path / "mine.png") as image:
        assert image.size == (500, 500)
    window.exporter.open_sheet()
    assert knob.width_edit.text() == "500", "it is remembered"
    knob.slider.setValue(2)
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    assert knob.rest.text() == "× 204 pixels (× 17)", "whole multiples stay whole, and about as large"
