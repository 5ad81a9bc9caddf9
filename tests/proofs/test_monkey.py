"""The random user must not cause growth that looks like the window's own."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from proofs.monkey import MOST_FAVOURITES, Monkey
from proofs.soak import Watch
from viewer.engine.player import Player
from viewer.ui.window import Window


@pytest.fixture
def window(
    models: dict[str, Path], qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Window:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)  # a watch puts its own there
    window = Window(Player("cpu"))
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.player.frame_ready):
        window.open(models["digits"])
    return window


def test_looking_at_the_window_wraps_nothing_that_qt_replaces_without_a_word(window: Window) -> None:
    window.message.show_error("A text that can be selected has a document, and another one after each change.")
    QApplication.processEvents()
    Watch(window).sizes()
    assert not [one for one in Shiboken.getAllValidWrappers() if isinstance(one, QTextDocument)]


def test_favourites_are_put_away_once_there_are_many(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    monkey = Monkey(window, tmp_path, seed=0)
    favourites = window.favourites
    favourites.toggle.setChecked(True)
    for count in range(1, MOST_FAVOURITES + 2):
        favourites.keep()
        qtbot.waitUntil(partial(lambda count: favourites.list.count() == count, count))
    assert monkey.tidy() == "remove a favourite"
    assert favourites.list.count() == MOST_FAVOURITES
    assert monkey.tidy() == "few favourites"
