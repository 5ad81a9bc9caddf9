"""A picture that is not what its recipe makes must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from proofs.naming import Naming
from viewer.core.scene.messages import Frame
from viewer.core.state.samples import of_class
from viewer.engine.player import Player
from viewer.ui.window import Window


@pytest.fixture
def window(
    models: dict[str, Path], qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Window:
    """Open a window that walks between two seeds."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    opened = Window(Player("cpu"))
    qtbot.addWidget(opened)
    opened.show()
    with qtbot.waitSignal(opened.player.frame_ready):
        opened.open(models["digits"])
    opened.editor.edit("walk", lambda state: replace(state, seed=3, position=0.77, truncation=0.6, playing=True))
    return opened


def test_a_window_names_what_it_shows(window: Window) -> None:
    naming = Naming(window.player)
    assert naming.misnamed(5) == ""
    assert naming.checked == 1
    assert window.player.state.playing, "the walk goes on"


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda frame: replace(frame, pixels=255 - frame.pixels), "not the one of its recipe"),
        (lambda frame: replace(frame, picture=frame.picture ^ 1), "does not look as its recipe says"),
        (
            lambda frame: replace(frame, scene=replace(frame.scene, shown=(of_class(3, 0, 0),) * 64)),
            "not the one of the samples of its cells",
        ),
    ],
)
def test_a_picture_with_another_name_is_noticed(change: Callable[[Frame], Frame], noticed: str, window: Window) -> None:
    naming, player = Naming(window.player), window.player
    assert naming.misnamed(5) == ""
    player.apply(player.state.with_playing(False))
    assert naming.misnamed(5) == ""
    assert player.frame is not None
    player.frame = change(player.frame)
    assert noticed in naming.misnamed(5)
    assert naming.checked == 3


def test_nothing_is_checked_where_nothing_is_shown(window: Window) -> None:
    naming = Naming(window.player)
    window.editor.edit(
        "mode", lambda state: replace(state.with_mode("path"), timeline=replace(state.timeline, keyframes=()))
    )
    assert naming.misnamed(5) == ""
    assert naming.checked == 0
