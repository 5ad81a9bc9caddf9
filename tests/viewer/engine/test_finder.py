"""Looking for directions, and small pictures, between the frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from export.runtime.generator import open_generator
from viewer.core.scene.cells import scene_of_samples
from viewer.core.scene.directions import Directions, Search
from viewer.core.state.samples import of_class
from viewer.engine.finder import Finder
from viewer.engine.player import Player
from viewer.engine.previews import Previews

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def player(models: dict[str, Path], qtbot: QtBot) -> Iterator[Player]:
    """With a generator that is open."""
    player = Player("cpu")
    with qtbot.waitSignal(player.frame_ready):
        player.open(models["digits"])
    yield player
    player.close()


def test_another_generator_in_the_middle_of_a_search_begins_another_one(
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


def test_frames_go_on_while_it_looks(player: Player, qtbot: QtBot, tmp_path: Path) -> None:
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


def test_previews_are_rendered_when_their_key_or_the_generator_changes(
    player: Player, models: dict[str, Path], qtbot: QtBot
) -> None:
    previews, samples = Previews(player, "some"), (of_class(1, 0, 0), of_class(2, 0, 1))

    def show(key: str) -> None:
        previews.show(key, lambda info: scene_of_samples(info, samples, player.state))

    with qtbot.waitSignal(previews.rendered):
        show("a")
    assert previews.pixels is not None
    assert previews.pixels.ndim == 3
    with qtbot.assertNotEmitted(previews.rendered, wait=50):
        show("a")
    with qtbot.waitSignal(previews.rendered):
        show("b")
    with qtbot.waitSignal(player.opened):
        player.open(models["colour"])
    with qtbot.waitSignal(previews.rendered):
        show("b")
    assert previews.pixels.shape[1:] == (12, 12, 3)
