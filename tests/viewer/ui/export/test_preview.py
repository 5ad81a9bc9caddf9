"""The preview of the export sheet."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, sheet_of


def test_the_sheet_shows_what_would_be_written(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    qtbot.waitUntil(lambda: len(sheet.preview.pictures) == 1)
    QTest.mouseClick(sheet.kind.button("animation"), LEFT)
    qtbot.waitUntil(lambda: len(sheet.preview.pictures) > 1)
    first = sheet.preview.pixmap().cacheKey()
    qtbot.waitUntil(lambda: sheet.preview.pixmap().cacheKey() != first)
    assert " s" in sheet.summary.text(), "how long it lasts"
    QTest.mouseClick(sheet.kind.button("data"), LEFT)
    assert not sheet.preview.isVisible(), "a data set has no look"
    sheet.reject()
