"""The panel that chooses the seed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, state, wait_for_the_picture
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import ViewState


def test_a_seed_of_63_bits_can_be_typed(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, str(SEED_MAX))
    assert state(window).seed == 0, "nothing happens before Enter"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == SEED_MAX
    assert not window.seed.next.isEnabled()
    wait_for_the_picture(qtbot, window)
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "9999999999999999999")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == SEED_MAX
    assert edit.text() == str(SEED_MAX)


def test_escape_restores_the_seed(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "123")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == "0"
    edit.setFocus()
    edit.clear()
    window.canvas.setFocus()
    assert edit.text() == "0"
    assert state(window).seed == 0


def test_seed_buttons(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    assert not window.seed.previous.isEnabled()
    QTest.mouseClick(window.seed.next, LEFT)
    QTest.mouseClick(window.seed.next, LEFT)
    QTest.mouseClick(window.seed.previous, LEFT)
    assert state(window).seed == 1
    assert window.seed.edit.text() == "1"
    monkeypatch.setattr("random.randrange", lambda stop: 4321)
    QTest.mouseClick(window.seed.any, LEFT)
    assert window.seed.edit.text() == "4321"
    wait_for_the_picture(qtbot, window)


def test_typing_a_seed_while_it_plays_is_not_disturbed(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_speed(3.0).with_playing(True))
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "55")
    seed = state(window).seed
    qtbot.waitUntil(lambda: state(window).seed > seed)
    assert edit.text() == "55"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == 55


def test_seeds_used_before_come_back(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    for seed in (41, 42):
        window.editor.edit("seed", partial(ViewState.with_seed, seed=seed))
    window.seed.menu.aboutToShow.emit()
    assert [action.text() for action in window.seed.menu.actions()] == ["42", "41", "0"]
    window.seed.menu.actions()[1].trigger()
    assert state(window).seed == 41
