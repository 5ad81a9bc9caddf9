"""Small pictures besides the frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.scene.cells import scene_of_samples
from viewer.core.state.samples import of_class
from viewer.engine.player import Player
from viewer.engine.previews import Previews

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


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
