"""The window speaks to beginners: words that it no longer uses are nowhere in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialog, QGroupBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, sheet_of
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window

LABELS = {"Truncation", "Truncation ψ", "ψ", "Beside", "Rows", "Pixels", "Several", "Hold", "Number of rows"}
"""Words that were labels, for which there are plainer ones."""
PARTS = re.compile(r"what runs here|classifier at hand|of 255 apart|skipped:", re.IGNORECASE)
"""Phrases that no text contains."""


def said(widgets: list[QWidget], actions: list[QAction]) -> dict[str, str]:
    """Return all texts, names and tooltips, with where each is."""
    texts: dict[str, str] = {}
    for one in widgets:
        found = [one.toolTip(), one.accessibleName(), one.accessibleDescription(), one.windowTitle()]
        if isinstance(one, QLabel | QAbstractButton | QLineEdit):
            found.append(one.text())
        if isinstance(one, QLineEdit):
            found.append(one.placeholderText())
        if isinstance(one, QGroupBox):
            found.append(one.title())
        texts |= {text.replace("&&", "&"): repr(one) for text in found if text}
    for action in actions:
        texts |= {text: repr(action) for text in (action.text(), action.toolTip(), action.iconText()) if text}
    return texts


def texts_of(window: Window) -> dict[str, str]:
    return said([window, *window.findChildren(QWidget)], window.findChildren(QAction))


def forbidden(texts: dict[str, str]) -> list[str]:
    return [f"{text!r} in {at}" for text, at in texts.items() if text.strip(" :") in LABELS or PARTS.search(text)]


@pytest.mark.parametrize("mode", MODES)
def test_no_widget_uses_a_word_for_which_there_is_a_plainer_one(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, mode: str
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.compared):
        window.open_beside(models["other"])
    QTest.mouseClick(window.rail.group.button(MODES.index(mode)), Qt.MouseButton.LeftButton)
    sheet = sheet_of(window)
    window.inspector._open(0)
    window.menu.show_keys()
    window.menu.show_settings()
    window.menu.show_about()
    texts: dict[str, str] = {}
    for page in sheet.pages:
        sheet.show_page(page)
        texts |= texts_of(window)
    assert not forbidden(texts)
    assert {"Variety", "Before | after", "One per row", "Squares", "Pick several", "Pause at each"} <= texts.keys()
    assert "This computer…" in texts
    assert "A classifier reads:" in texts
    assert window.interpolation.way.isHidden(), "slerp and lerp are behind More"
    assert any("truncation ψ" in one.toolTip() for one in window.findChildren(QWidget))
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_the_check_finds_old_words(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    assert not forbidden(texts_of(window))
    window.truncation.title.setText("Truncation")
    window.status.provider.setToolTip("What runs here…")
    assert len(forbidden(texts_of(window))) == 2


class Visible(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_the_page_and_the_guide_use_the_same_words(project: Path) -> None:
    page = Visible()
    page.feed((project / "web" / "index.html").read_text(encoding="utf-8"))
    assert "Variety" in page.texts
    assert not LABELS & set(page.texts)
    for guide in (project / "README.md", *(project / "docs").glob("*.md")):
        text = guide.read_text(encoding="utf-8")
        emphasised = set(re.findall(r"\*\*(.+?)\*\*", text)) | set(re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE))
        if guide.name.startswith(("viewer", "web", "README")):
            assert not LABELS & {one.strip(" .:") for one in emphasised}, guide
        assert not PARTS.search(text), guide
