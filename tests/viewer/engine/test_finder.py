"""Searching for directions between frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.runtime.generator import open_generator
from viewer.core.scene.directions import Directions, Search
from viewer.engine.finder import Finder
from viewer.engine.player import Player

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_opening_another_generator_restarts_a_search(
    player: Player, models: dict[str, Path], qtbot: QtBot, tmp_path: Path
) -> None:
    finder = Finder(player, tmp_path / "kept")
    finder.forgot.connect(finder.want)
    finder.want()
    with qtbot.waitSignal(finder.progressed):
        pass
    with qtbot.waitSignal(finder.found):
        player.open(models["colour"])
    search, generator = Search(tmp_path / "alone"), open_generator(models["colour"], "cpu")
    while not isinstance(expected := search.step(generator), Directions):
        pass
    assert player.directions is not None
    np.testing.assert_array_equal(player.directions, expected.vectors)
    assert len(list((tmp_path / "kept").iterdir())) == 1, "what was half found is not kept"


def test_frames_continue_during_a_search(player: Player, qtbot: QtBot, tmp_path: Path) -> None:
    finder, order = Finder(player, tmp_path), list[str]()
    player.frame_ready.connect(lambda _: order.append("frame"))
    finder.found.connect(lambda: order.append("found"))
    player.apply(player.state.with_playing(True))
    with qtbot.waitSignal(finder.found):
        finder.want()
        finder.want()
    player.apply(player.state.with_playing(False))
    assert "frame" in order[: order.index("found")]
    assert order.count("found") == 1
