"""The list of keys, in the window and in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from tests.support.windows import OpenWindow, texts
from viewer.core.state.keys import KEYS
from viewer.ui.dialogs.shortcuts import ShortcutSheet, keys_of


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_the_keys_are_shown_by_key(models: dict[str, Path], open_window: OpenWindow, key: Qt.Key) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window, key)
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    assert sheet.isVisible()
    assert "Play or pause" in texts(sheet)


def test_the_sheet_says_what_every_action_does(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(3))
    sections = dict(keys_of(window, (window.timeline.strip, window.pad.view, window.favourites.list)))
    everywhere = dict(sections["Everywhere"])
    assert everywhere["Ctrl+Z"] == "Undo", "not what would be undone"
    assert everywhere["Ctrl+D"] == "Keep"
    assert everywhere["F1, ?"] == "Keyboard"
    assert dict(sections["Modes"])["Alt+4"].startswith("Write")
    assert dict(sections["Timeline"])["Delete"] == "Remove"
    assert dict(sections["Favourites"])["F2"] == "Rename it"
    every = [action for action in window.findChildren(QAction) if action.shortcuts()]
    said = "\n".join(keys for rows in sections.values() for keys, _ in rows)
    for action in every:
        assert action.shortcut().toString() in said, action.text()


def documented(page: Path) -> set[str]:
    """Return the keys in the table of the viewer reference."""
    rows = page.read_text(encoding="utf-8").partition("## Keys")[2].partition("\n## ")[0].splitlines()
    cells = [row.split(" | ")[0].removeprefix("| ").rpartition(": ")[2] for row in rows if row.startswith("| ")]
    found = set(", ".join(cells[1:]).split(", "))
    for key in [key for key in found if " – " in key]:
        first, last = key.split(" – ")
        found |= {first[:-1] + str(number) for number in range(int(first[-1]), int(last[-1]) + 1)}
    for key in [key for key in found if key.endswith("+arrows")]:
        found |= {key.replace("arrows", way) for way in ("Left", "Right", "Up", "Down")}
    return {{"Enter": "Return", "Escape": "Esc"}.get(key, key) for key in found}


def test_the_page_names_every_key_and_no_other(models: dict[str, Path], open_window: OpenWindow, project: Path) -> None:
    window = open_window(models["digits"])
    named = documented(project / "docs" / "viewer-reference.md")
    shortcuts = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    shortcuts += [
        button.shortcut() for button in window.findChildren(QAbstractButton) if not button.shortcut().isEmpty()
    ]
    keys = {key.toString() for key in shortcuts} | {key for key, _ in KEYS}
    plain_plus = {"=", "Ctrl+="}  # where + needs Shift
    assert keys - plain_plus - {"Enter"} <= named
    pressed = {
        key for key in named if key.startswith(("Ctrl+", "Alt+", "F1")) and "arrows" not in key and " – " not in key
    }
    assert pressed <= keys
