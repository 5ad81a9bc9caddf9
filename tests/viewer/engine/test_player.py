"""The player."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from export.runtime.generator import Generator, open_generator
from viewer.core.picture.compose import compose
from viewer.core.scene.cells import scene_of
from viewer.core.scene.messages import Frame, OpenRequest
from viewer.engine.player import FrameRate, Player

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MakePlayer = Callable[..., Player]


@pytest.fixture
def make_player(qtbot: QtBot) -> Iterator[MakePlayer]:
    made: list[Player] = []

    def make(model: Path, **arguments: Any) -> Player:
        player = Player("cpu", **arguments)
        made.append(player)
        with qtbot.waitSignal(player.frame_ready):
            player.open(model)
        return player

    yield make
    for player in made:
        player.close()


def test_a_frame_is_exactly_what_the_generator_returns(models: dict[str, Path], make_player: MakePlayer) -> None:
    for name in ("digits", "free", "colour"):
        player = make_player(models[name])
        generator = open_generator(models[name], "cpu")
        scene = scene_of(generator.info, player.state)
        assert scene is not None
        assert player.frame is not None
        np.testing.assert_array_equal(player.frame.picture, compose(generator.generate_pixels(scene.z, scene.y)))


def test_no_frame_is_requested_while_nothing_changes(
    models: dict[str, Path], make_player: MakePlayer, qtbot: QtBot
) -> None:
    player = make_player(models["digits"])
    with qtbot.assertNotEmitted(player.frame_ready, wait=150):
        player.apply(player.state)


def test_a_walk_makes_frames_until_it_is_paused(models: dict[str, Path], make_player: MakePlayer, qtbot: QtBot) -> None:
    player = make_player(models["digits"])
    frames: list[Frame] = []
    player.frame_ready.connect(frames.append)
    player.apply(player.state.with_playing(True))
    qtbot.waitUntil(lambda: len(frames) >= 5)
    assert player.state.seed + player.state.position > 0
    with qtbot.waitSignal(player.frame_ready):
        player.apply(player.state.with_playing(False))
    at = player.state
    with qtbot.assertNotEmitted(player.state_changed, wait=100):
        pass
    assert player.state == at
    sequences = [frame.sequence for frame in frames]
    assert sequences == sorted(set(sequences))


def test_a_broken_file_leaves_the_old_generator_running(
    models: dict[str, Path], make_player: MakePlayer, qtbot: QtBot, tmp_path: Path
) -> None:
    player = make_player(models["digits"])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    for path in (broken, tmp_path, tmp_path / "missing.onnx"):
        with qtbot.waitSignal(player.failed) as failed:
            player.open(path)
        assert failed.args is not None
        assert str(path) in failed.args[0].sentence
    with qtbot.waitSignal(player.frame_ready):
        player.apply(player.state.with_digits((3,)))
    assert player.model is not None
    assert player.model.path == models["digits"]


def test_an_unexpected_error_is_one_sentence(models: dict[str, Path], make_player: MakePlayer, qtbot: QtBot) -> None:
    class Broken:
        def run(self, names: list[str], feeds: dict[str, Any]) -> None:
            raise RuntimeError("Non-zero status code\nwith a long tail")

    def opener(path: Path, provider: str) -> Generator:
        generator = open_generator(path, provider)
        return dataclasses.replace(generator, session=Broken()) if path == models["other"] else generator

    player = make_player(models["digits"], opener=opener)
    player.apply(player.state.with_playing(True))
    with qtbot.waitSignal(player.failed) as failed:
        player.open(models["other"])
    assert failed.args is not None
    assert "failed to run" in failed.args[0].sentence
    assert not player.state.playing
    with qtbot.waitSignal(player.frame_ready):
        player.open(models["digits"])


def test_the_state_is_fitted_to_the_next_generator(
    models: dict[str, Path], make_player: MakePlayer, qtbot: QtBot
) -> None:
    player = make_player(models["digits"])
    player.apply(player.state.with_digits((7,)))
    with qtbot.waitSignal(player.opened):
        player.open(models["free"])
    assert player.state.digits == ()
    assert player.model is not None
    generation = player.model.generation
    qtbot.waitUntil(lambda: player.frame is not None and player.frame.generation == generation)


def test_frames_of_another_generator_are_dropped(models: dict[str, Path], make_player: MakePlayer) -> None:
    player = make_player(models["digits"])
    assert player.frame is not None
    late = dataclasses.replace(player.frame, generation=player.frame.generation - 1)
    player._worker.rendered.emit(late)
    assert player.frame is not late


def test_qt_survives_many_calls() -> None:
    # In a process of its own: what this guards against is an abort, as of PySide6 6.12.0 on Python 3.11.
    code = (
        "from PySide6.QtCore import QCoreApplication; from viewer.engine.player import Player; "
        "application = QCoreApplication([]); player = Player('cpu'); "
        "[(player.state_changed.emit(player.state), player.blockSignals(False)) for _ in range(50_000)]; "
        "[player.setObjectName('') for _ in range(50_000)]; player.close()"
    )
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_closing_twice_and_requests_after_that_are_harmless(models: dict[str, Path], make_player: MakePlayer) -> None:
    player = make_player(models["digits"])
    player.apply(player.state.with_playing(True))
    player.close()
    player.close()
    player.apply(player.state.with_digits((1,)))
    player._worker.mailbox.put(OpenRequest(9, models["digits"], "cpu"))
    assert not player._worker.isRunning()


def test_the_rate_of_even_frames() -> None:
    rate = FrameRate()
    for frame in range(120):
        rate.add(frame / 60)
    assert rate.per_second() == pytest.approx(60)


def test_too_few_frames_have_no_rate() -> None:
    rate = FrameRate()
    rate.add(0.0)
    rate.add(0.1)
    assert rate.per_second() is None
    rate.add(0.2)
    assert rate.per_second() == pytest.approx(10)
    rate.clear()
    assert rate.per_second() is None


def test_the_rate_forgets_old_frames() -> None:
    rate = FrameRate()
    for when in (0.0, 0.1, 0.2, 50.0, 50.5, 51.0):
        rate.add(when)
    assert rate.per_second() == pytest.approx(2)
