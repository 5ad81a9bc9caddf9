"""Exporting a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, export, sheet_of
from viewer.core.files.formats import read_recipe


def test_one_cell_as_svg(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    QTest.mouseClick(sheet.stills.formats.button("svg"), LEFT)
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    sheet.stills.cell.slider.setValue(5)
    assert sheet.stills.transparent.isVisible()
    QTest.mouseClick(sheet.stills.transparent, LEFT)
    export(window, tmp_path / "cell.svg", qtbot, monkeypatch)
    assert read_recipe(tmp_path / "cell.svg").cell == 4
    assert 'viewBox="0 0 12 12"' in (tmp_path / "cell.svg").read_text()
