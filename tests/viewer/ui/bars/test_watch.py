"""Watching a training, in a simulated run directory."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from export.runtime.generator import Generator, open_generator
from tests.support.windows import LEFT, OpenWindow
from viewer.core.scene.cells import scene_of
from viewer.ui.window import Window


class Run:
    """A run directory, written as training writes it."""

    def __init__(self, folder: Path, models: dict[str, Path]) -> None:
        self.folder = folder
        self.models = models
        self.images = 0
        folder.mkdir()
        (folder / "config.json").write_text('{"config": {"images": 5000}}')

    def export(self, images: int, name: str = "digits") -> Path:
        path = self.folder / "exports" / f"{images:012d}.onnx"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(self.models[name], path)
        return path

    def log(self, **figures: float) -> None:
        self.images += 100
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"images": self.images, **figures}) + "\n")


@pytest.fixture
def run_folder(models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("viewer.ui.bars.watch.POLL_MS", 10)
    return Run(tmp_path / "demo", models)


def opened_path(window: Window) -> Path:
    assert window.player.model is not None
    return window.player.model.path


def wait_for(qtbot: QtBot, window: Window, path: Path) -> None:
    """Wait until the pictures of a generator are shown."""
    generator = open_generator(path, "cpu")

    def shown() -> bool:
        frame, model = window.player.frame, window.player.model
        if frame is None or model is None or model.path != path or frame.generation != model.generation:
            return False
        scene = scene_of(generator.info, window.player.state)
        return scene is not None and np.array_equal(frame.pixels, generator.generate_pixels(scene.z, scene.y))

    qtbot.waitUntil(shown)


def test_new_stages_appear_on_the_same_seeds_until_the_user_goes_back(
    run_folder: Run, open_window: OpenWindow, qtbot: QtBot
) -> None:
    first = run_folder.export(100)
    run_folder.log(d_loss=1.0, g_loss=2.0)
    window = open_window(run_folder.folder)
    watch = window.watch
    wait_for(qtbot, window, first)
    assert watch.isVisible()
    assert watch.follow.isChecked()
    assert not watch.slider.isEnabled()
    assert watch.facts.text() == "demo   ·   100 of 5,000 images"
    assert not watch.accuracy.isVisible(), "the log says nothing of it"
    window.editor.edit("seed", lambda state: state.with_seed(7))

    second = run_folder.export(200, "other")
    wait_for(qtbot, window, second)
    assert window.player.state.seed == 7
    assert "demo · 200 images" in window.windowTitle()
    assert watch.stage.text() == "200 images   ·   stage 2 of 2"

    watch.slider.setFocus()
    QTest.keyClick(watch.slider, Qt.Key.Key_Home)
    wait_for(qtbot, window, first)
    assert not watch.follow.isChecked()
    third = run_folder.export(300)
    qtbot.waitUntil(lambda: len(watch.stages) == 3)
    qtbot.wait(50)
    assert opened_path(window) == first
    assert watch.slider.value() == 0
    QTest.mouseClick(watch.follow, LEFT)
    wait_for(qtbot, window, third)
    QTest.keyClick(watch.slider, Qt.Key.Key_Left)
    wait_for(qtbot, window, second)
    assert not watch.follow.isChecked()
    QTest.keyClick(watch.slider, Qt.Key.Key_End)
    assert watch.follow.isChecked(), "who goes to the newest follows again"


def test_curves_grow_and_a_click_on_them_goes_to_the_nearest_stage(
    run_folder: Run, open_window: OpenWindow, qtbot: QtBot
) -> None:
    paths = [run_folder.export(images) for images in (100, 200, 300, 400)]
    for _ in range(4):
        run_folder.log(d_loss=1.0, g_loss=0.5, real_accuracy=0.9, fake_accuracy=0.8)
    window = open_window(run_folder.folder)
    watch = window.watch
    wait_for(qtbot, window, paths[-1])
    assert watch.losses.accessibleDescription() == "D 1, G 0.5"
    assert watch.accuracy.isVisible()
    assert not watch.distance.isVisible()
    run_folder.log(frechet_distance=0.5, floor_frechet_distance=0.01, precision=0.7, recall=0.6, coverage=0.5)
    qtbot.waitUntil(watch.distance.isVisible)
    assert watch.distance.accessibleDescription() == "real 0.01, generated 0.5"
    assert not watch.accuracy.isVisible()
    before = watch.losses.grab().toImage()
    area = watch.losses._area()
    QTest.mouseClick(watch.losses, LEFT, pos=QPoint(round(area.left() + 0.42 * area.width()), 40))
    wait_for(qtbot, window, paths[1])
    assert watch.losses.grab().toImage() != before, "the mark has moved"


def test_a_run_without_stages_says_what_to_do_and_shows_the_first_one(
    run_folder: Run, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    run_folder.log(d_loss=1.0)
    window = open_window(models["other"])
    assert not window.open(run_folder.folder)
    assert window.watch.isVisible()
    assert "--export-every" in window.watch.nothing.text()
    assert opened_path(window) == models["other"], "what was open stays open"
    first = run_folder.export(100)
    wait_for(qtbot, window, first)
    assert not window.watch.nothing.isVisible()
    (run_folder.folder.parent / "next" / "exports").mkdir(parents=True)
    window.open(run_folder.folder.parent / "next")
    assert window.watch.losses.accessibleDescription() == "", "the curves of one run are not those of the next"


def test_a_click_compares_a_stage_with_the_newest(run_folder: Run, open_window: OpenWindow, qtbot: QtBot) -> None:
    first, newest = run_folder.export(100), run_folder.export(200, "other")
    window = open_window(run_folder.folder)
    wait_for(qtbot, window, newest)
    assert not window.watch.against_newest.isEnabled()
    window.watch.slider.setValue(0)
    wait_for(qtbot, window, first)
    with qtbot.waitSignal(window.player.second_ready):
        QTest.mouseClick(window.watch.against_newest, LEFT)
    assert window.player.second is not None
    assert window.player.second.path == newest
    assert window.compare.b.text() == "B   demo · 200 images"


def test_an_incomplete_stage_is_a_message_and_opens_once_it_is_complete(
    run_folder: Run, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    first = run_folder.export(100)
    window = open_window(run_folder.folder)
    wait_for(qtbot, window, first)
    second = first.with_name("000000000200.onnx")
    failures: list[object] = []
    window.player.failed.connect(failures.append)
    second.write_bytes(models["digits"].read_bytes()[:400])
    qtbot.waitUntil(lambda: bool(failures))
    qtbot.wait(60)
    assert len(failures) == 1, "it is not tried again and again"
    assert window.message.isVisible()
    assert opened_path(window) == first
    assert window.watch.slider.value() == 0
    second.write_bytes(models["other"].read_bytes())
    wait_for(qtbot, window, second)


def test_the_folder_may_vanish_and_come_back(run_folder: Run, open_window: OpenWindow, qtbot: QtBot) -> None:
    first = run_folder.export(100)
    run_folder.log(d_loss=1.0)
    window = open_window(run_folder.folder)
    wait_for(qtbot, window, first)
    shutil.rmtree(run_folder.folder)
    qtbot.waitUntil(lambda: "no longer exists" in window.watch.facts.text())
    window.editor.edit("seed", lambda state: state.with_seed(3))
    with qtbot.waitSignal(window.player.frame_ready):
        window.player.refresh()
    assert not window.watch.slider.isVisible()
    run_folder.__init__(run_folder.folder, run_folder.models)  # type: ignore[misc]
    run_folder.log(d_loss=2.0)
    again = run_folder.export(200, "other")
    wait_for(qtbot, window, again)
    qtbot.waitUntil(lambda: window.watch.losses.accessibleDescription() == "D 2")


def test_a_generator_that_was_requested_before_the_run_does_not_stop_it(
    run_folder: Run, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    stage = run_folder.export(100)
    opened = threading.Event()

    def opener(path: Path, provider: str) -> Generator:
        generator = open_generator(path, provider)
        opened.set()
        return generator

    window = open_window(models["digits"], opener=opener)
    opened.clear()
    window.open(models["other"])
    assert opened.wait(20)
    time.sleep(0.2)  # its signal waits for the event loop
    window.open(run_folder.folder)
    wait_for(qtbot, window, stage)
    assert window.watch.isVisible()
    assert window.watch.follow.isChecked()


def test_it_stops_when_another_generator_is_opened(
    run_folder: Run, models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    first = run_folder.export(100)
    window = open_window(run_folder.folder)
    wait_for(qtbot, window, first)
    assert window.watch._timer.isActive()
    window.open(models["other"])
    wait_for(qtbot, window, models["other"])
    assert not window.watch.isVisible()
    assert not window.watch._timer.isActive()
    run_folder.export(200)
    qtbot.wait(50)
    assert opened_path(window) == models["other"]


def test_nothing_is_looked_at_while_the_window_is_hidden_and_nothing_repainted_while_nothing_changes(
    run_folder: Run, open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_folder.export(100)
    run_folder.log(d_loss=1.0)
    window = open_window(run_folder.folder)
    wait_for(qtbot, window, first)
    qtbot.wait(50)
    painted: list[str] = []
    monkeypatch.setattr(type(window.watch.losses), "paintEvent", lambda *_: painted.append("plot"))
    monkeypatch.setattr(type(window.canvas), "paintEvent", lambda *_: painted.append("canvas"))
    qtbot.wait(100)
    assert painted == []
    window.hide()
    assert not window.watch._timer.isActive()
    window.show()
    assert window.watch._timer.isActive()


def test_recent_generators_name_the_run_and_not_its_stages(
    run_folder: Run, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(run_folder.folder) if run_folder.export(100) else None
    assert window is not None
    wait_for(qtbot, window, run_folder.export(200))
    assert window.settings.current.recent == (str(run_folder.folder),)
