"""Messages, and their buttons."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow


def test_a_missing_file_offers_to_open_another(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.failed):
        window.player.open(Path("nowhere.onnx"))
    assert window.message.offer.text() == "Open another…"
    monkeypatch.setattr("viewer.ui.actions.QFileDialog.getOpenFileName", lambda *_: (str(models["other"]), ""))
    with qtbot.waitSignal(window.player.opened):
        QTest.mouseClick(window.message.offer, LEFT)
    assert not window.message.isVisible()


def test_a_message_without_an_offer_has_no_button(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.message.show_error("It failed.", ("Do", window.message.hide))
    assert window.message.offer.isVisible()
    window.message.show_info("All is well.")
    assert not window.message.offer.isVisible()
