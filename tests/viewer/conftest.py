"""What the viewer's tests share: a folder for user data, the check for leaks, windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.leaks import Leaks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from viewer.ui.window import Window


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the viewer's settings, favourites and directions in a folder of the test."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail a test that leaves top-level widgets, threads or running timers behind."""
    leaks = Leaks()
    with leaks.watch():
        yield
    found = leaks.found()
    assert not found, "\n".join(["this test left behind:", *found])


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """Wait up to 20 seconds where a test does not say how long; on a busy machine pytest-qt's five are too few."""
    qtbot.waitUntil = partial(qtbot.waitUntil, timeout=20_000)  # type: ignore[method-assign]
    qtbot.waitSignal = partial(qtbot.waitSignal, timeout=20_000)  # type: ignore[method-assign]
    return qtbot


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[..., Window]]:
    """Open a window on a model and wait for its first frame; keyword arguments are the player's."""
    from viewer.engine.player import Player
    from viewer.ui import theme
    from viewer.ui.window import Window

    def make(model: Path, **player_arguments: object) -> Window:
        theme.apply(qapp)
        window = Window(Player(**player_arguments))  # type: ignore[arg-type]
        qtbot.addWidget(window)
        window.resize(1000, 760)
        window.show()
        with qtbot.waitSignal(window.player.frame_ready):
            window.open(model)
        return window

    yield make
    qapp.clipboard().clear()  # offscreen, it would release a Python object after Python has ended
