from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from viewer.core.game.results import load
from viewer.core.run.stages import Stage
from viewer.ui.dialogs.game import GameDialog
from viewer.ui.window import Window


@pytest.fixture
def game(open_window: Callable[..., Window], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> GameDialog:
    """The game over a window, with its first round on the table."""
    from viewer.core.run.packed_stages import PackedStages

    monkeypatch.setattr(PackedStages, "unpack", lambda *_: (Stage(BUNDLED_MODEL, 9), Stage(BUNDLED_MODEL, 6_000_000)))
    window = open_window(BUNDLED_MODEL)
    window.menu.game_wanted.emit()
    assert window.game is not None
    qtbot.waitUntil(lambda: window.game is not None and window.game.go.isEnabled())
    return window.game


def test_a_round_is_played_with_the_keyboard_and_kept(
    game: GameDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert game.dealt is not None
    forged = game.dealt.round.forged
    for place in (place for place in range(10) if forged[place]):
        QTest.keyClick(game, Qt.Key(ord("0") + (place + 1) % 10))
    assert [picture.isChecked() for picture in game.pictures] == list(forged)
    QTest.keyClick(game, Qt.Key.Key_Return)
    assert "10 of 10 right, and 0 of" in game.message.text()
    assert all(answer.text().startswith("✓") for answer in game.answers)
    assert game.pictures[0].accessibleName().endswith("forged" if forged[0] else "real")
    assert "good rounds: 1" in game.score.text()
    assert load(game._path)[0] == game.results
    assert game.results.rounds[0].images == 6_000_000
    table = tmp_path / "results.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
    game.export.click()
    assert table.read_text().count("\n") == 2
    QTest.keyClick(game, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: game.dealt is not None and not game.dealt.round.done)
    assert not any(picture.isChecked() for picture in game.pictures)
    game.reject()


def test_two_players_take_turns(game: GameDialog, qtbot: QtBot) -> None:
    game.two.click()
    for player in (1, 2, 1):
        assert game.player == player
        game.pictures[0].click()
        game.go.click()
        game.go.click()
        qtbot.waitUntil(lambda: game.go.isEnabled() and game.dealt is not None and not game.dealt.round.done)
        assert game.message.text().startswith(f"Player {3 - player}:")
    assert [one.player for one in game.results.rounds] == [1, 2, 1]
    game.reject()


def test_a_file_that_is_no_discriminator_is_explained(
    game: GameDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(BUNDLED_MODEL), ""))
    game.judge.click()
    qtbot.waitUntil(lambda: "not a discriminator" in game.message.text())
    assert game.judge.text() == "Discriminator…"
    assert game.go.isEnabled(), "the round goes on"
    game.reject()
