"""A player with an open generator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from viewer.engine.player import Player

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def player(models: dict[str, Path], qtbot: QtBot) -> Iterator[Player]:
    """A player with an open generator."""
    player = Player("cpu")
    with qtbot.waitSignal(player.frame_ready):
        player.open(models["digits"])
    yield player
    player.close()
